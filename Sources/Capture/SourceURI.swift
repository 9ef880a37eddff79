// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The address of a source: `alsa:PCM`, `pulse:SOURCE`, `pipe:-`, `pipe:PATH`, `station:NAME` or `file:PATH`, with
/// options after `?`.
///
/// Every source has the option `use`: the channels that are listened to (`3`, `1,2`, `left`, `right`).
///
/// | URI | other options |
/// | --- | --- |
/// | `alsa:hw:CARD=Radio,DEV=0` (any PCM name) | `rate`, `channels`, `format`: exactly these, or an error |
/// | `pulse:SOURCE`, `pulse:@DEFAULT_SOURCE@`, `pulse:@DEFAULT_MONITOR@` | `server`: as in `PULSE_SERVER` |
/// | `pipe:-`, `pipe:/run/radio.fifo` | `rate`, `channels`, `format`: the format of raw PCM; WAV needs none |
/// | `station:jazz24` | `folder`: where its FIFOs are, by default those of the service genred-station@jazz24 |
/// | `file:/music/set.flac` | `pace=realtime` (default) or `fast`; `loop=true` |
///
/// In paths, `%3F` is a question mark, `%25` a percent sign, and `%F6` a byte that need not be UTF-8.
package struct SourceURI: Sendable, Equatable, CustomStringConvertible {
    /// The backend: the scheme of the URI.
    package enum Kind: String, Sendable, CaseIterable {
        case alsa, pulse, pipe, station, file
    }

    /// The parsed scheme, subject and options.
    enum Target: Sendable, Equatable {
        case alsa(pcm: String, RequestedFormat)
        case pulse(source: String, server: String?)
        case standardInput(RequestedFormat)
        case fifo(path: String, RequestedFormat)
        case station(StationPlace)
        case file(path: String, Pace, loops: Bool)
    }

    /// The speed at which a file is read.
    enum Pace: String, Sendable, CaseIterable {
        case realtime, fast
    }

    let target: Target
    /// The channels that are listened to; nil for all.
    let use: ChannelSelection?

    package var kind: Kind {
        switch target {
        case .alsa: .alsa
        case .pulse: .pulse
        case .standardInput, .fifo: .pipe
        case .station: .station
        case .file: .file
        }
    }

    /// The name of a resource that only one source can read, because two would each get a part of it: standard input or
    /// a FIFO; nil for a source that can be opened more than once. A configuration with the same value twice is refused.
    package var exclusiveResource: String? {
        switch target {
        case .standardInput: "standard input"
        case .fifo(let path, _): path
        case .station(let place): place.audio
        case .alsa, .pulse, .file: nil
        }
    }

    /// The canonical form: parsing it gives an equal value.
    package var description: String {
        switch target {
        case .alsa(let pcm, let format):
            return "alsa:\(pcm)" + query(format.options)
        case .pulse(let source, let server):
            return "pulse:\(source)" + query([("server", server)])
        case .standardInput(let format):
            return "pipe:-" + query(format.options)
        case .fifo(let path, let format):
            return "pipe:\(Self.percentEncoded(path))" + query(format.options)
        case .station(let place):
            let folder =
                place.folder == StationPlace.usualFolder ? nil : PathText.percentEncoded(place.folder, also: "?&")
            return "station:\(place.name)" + query([("folder", folder)])
        case .file(let path, let pace, let loops):
            return "file:\(Self.percentEncoded(path))"
                + query([("pace", pace == .realtime ? nil : pace.rawValue), ("loop", loops ? "true" : nil)])
        }
    }

    /// Seconds of audio that a device delivers at once.
    private static let devicePieces = 0.04...0.25

    /// Makes a source for this URI; nothing is opened before its `start`.
    ///
    /// - Parameter updateInterval: the seconds after which audio is of use. A device is asked to deliver as much at once,
    ///   within its limits, so that it wakes nobody in between.
    package func makeSource(updateInterval: Double = 0) -> AudioSource {
        let piece = min(max(updateInterval, Self.devicePieces.lowerBound), Self.devicePieces.upperBound)
        return switch target {
        case .alsa(let pcm, let format):
            .threaded(ThreadedSource(ALSASource(pcm: pcm, format: format, use: use, piece: piece)))
        case .pulse(let source, let server):
            .threaded(ThreadedSource(PulseSource(source: source, server: server, use: use, piece: piece)))
        case .standardInput(let format): .pipe(PipeSource(.standardInput, format: format, use: use))
        case .fifo(let path, let format): .pipe(PipeSource(.fifo(path), format: format, use: use))
        case .station(let place): .pipe(PipeSource(.station(place), format: RequestedFormat(), use: use))
        case .file(let path, let pace, let loops):
            .threaded(ThreadedSource(FileSource(path: path, pace: pace, loops: loops, use: use)))
        }
    }

    /// Makes the reader of what a station says beside its audio; nil for other sources, which say nothing.
    package func makeNotes(_ report: @escaping @Sendable (StationReport) -> Void) -> StationNotes? {
        if case .station(let place) = target { StationNotes(place, report: report) } else { nil }
    }

    private func query(_ options: [(String, String?)]) -> String {
        let given = (options + [("use", use?.description)]).compactMap { name, value in value.map { "\(name)=\($0)" } }
        return given.isEmpty ? "" : "?" + given.joined(separator: "&")
    }

    private static func percentEncoded(_ path: String) -> String { PathText.percentEncoded(path, also: "?") }
}

/// The format that a URI's options demand; nil where they leave it open.
struct RequestedFormat: Sendable, Equatable {
    /// Hz, 8 000 to 192 000.
    var rate: Int?
    /// 1 to 64.
    var channels: Int?
    var format: SampleFormat?

    static let rates = 8_000...192_000
    static let channelCounts = 1...64

    var options: [(String, String?)] {
        [("rate", rate.map(String.init)), ("channels", channels.map(String.init)), ("format", format?.rawValue)]
    }
}
