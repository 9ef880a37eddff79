// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Where a pipe is.
enum PipePlace: Sendable {
    case standardInput
    case fifo(String)
    /// The FIFO of a station's audio, which may come and go.
    case station(StationPlace)

    /// The FIFO's; nil for standard input.
    var path: String? {
        switch self {
        case .standardInput: nil
        case .fifo(let path): path
        case .station(let place): place.audio
        }
    }

    /// For messages.
    var name: String { path ?? "standard input" }

    /// What an open FIFO without a writer says; nil for standard input, which has one.
    var waiting: String? {
        switch self {
        case .standardInput: nil
        case .fifo(let path): "\(printable(path)) waits for a writer"
        case .station(let place): place.quiet
        }
    }

    func open() throws(CaptureError) -> OpenedPipe {
        switch self {
        case .standardInput: try OpenedPipe.standardInput()
        case .fifo(let path): try OpenedPipe.fifo(path)
        case .station(let place): try OpenedPipe.fifo(place.audio, isStation: true)
        }
    }
}
