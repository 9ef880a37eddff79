// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import ControlProtocol

/// The condition of a source's device: what it is doing now, its format, and its errors.
struct DeviceCondition {
    enum Phase {
        /// Not opened yet.
        case opening
        case running
        /// Open, but nothing has come for a second.
        case stalled
        /// Open, but suspended by the sound server.
        case suspended(SourceSuspension)
        case lost(CaptureError)
        /// A FIFO without a writer.
        case waiting(String)
        /// At its end, with an error or without.
        case ended(CaptureError?)
    }

    private(set) var phase = Phase.opening
    /// What is worth knowing of the open stream.
    private var notices: [SourceNotice.Kind: String] = [:]
    /// The same, as it was said last: a stream that is opened again is no news.
    private var said: [SourceNotice.Kind: String] = [:]
    /// The format of the last stream; nil before the first.
    private(set) var format: StreamFormat?
    /// How often the source has been opened again.
    private(set) var reconnects = 0
    private(set) var lastError: (error: CaptureError, time: Timestamp)?

    var isEnded: Bool { if case .ended = phase { true } else { false } }
    var isStalled: Bool { if case .stalled = phase { true } else { false } }

    /// Whether it ended with an error: it delivers nothing more unless it is started again.
    var hasFailed: Bool { if case .ended(.some) = phase { true } else { false } }

    /// Whether a stream that opens now follows an interruption.
    var isInterrupted: Bool {
        switch phase {
        case .lost: true
        case .waiting: format != nil
        case .opening, .running, .stalled, .suspended, .ended: false
        }
    }

    /// Why nothing comes; nil unless it is suspended.
    var suspension: SourceSuspension? { if case .suspended(let suspension) = phase { suspension } else { nil } }

    /// The names of what is worth knowing, for programs.
    var conditions: [String] {
        (suspension == nil ? [] : ["suspended"])
            + (isOpen ? SourceNotice.Kind.allCases.filter { notices[$0] != nil }.map(\.rawValue) : [])
    }

    private var isOpen: Bool {
        switch phase {
        case .running, .stalled, .suspended: true
        case .opening, .waiting, .lost, .ended: false
        }
    }

    /// The state on the wire: a stalled device is running, and so is one that is silent because its sink plays nothing.
    var state: DeviceState {
        switch phase {
        case .opening: .opening
        case .running, .stalled: .running
        case .suspended(let suspension): suspension.isSilence ? .running : .waiting
        case .waiting: .waiting
        case .lost: .lost
        case .ended: .ended
        }
    }

    /// Why nothing is delivered or, while something is, what is odd about it; nil if nothing is.
    var message: String? {
        switch phase {
        case .opening: nil
        case .running: noticed
        case .stalled: "open, but it delivers no audio"
        case .suspended(let suspension): [suspension.text, noticed].compactMap(\.self).joined(separator: "; ")
        case .waiting(let message): message
        case .lost(let error): error.message
        case .ended(let error): error?.message
        }
    }

    private var noticed: String? {
        let texts = SourceNotice.Kind.allCases.compactMap { notices[$0] }
        return texts.isEmpty ? nil : texts.joined(separator: "; ")
    }

    mutating func open(_ format: StreamFormat) {
        if self.format != nil { reconnects += 1 }
        self.format = format
        notices = [:]
        phase = .running
    }

    mutating func stall() { phase = .stalled }

    mutating func resume() { phase = .running }

    mutating func suspend(_ suspension: SourceSuspension) { phase = .suspended(suspension) }

    /// Returns whether this is news.
    mutating func take(_ notice: SourceNotice) -> Bool {
        let text = notice.isOver ? nil : notice.text
        notices[notice.kind] = text
        defer { said[notice.kind] = text }
        return said[notice.kind] != text
    }

    mutating func wait(_ message: String) { phase = .waiting(message) }

    mutating func lose(_ error: CaptureError) {
        phase = .lost(error)
        lastError = (error, .now)
    }

    /// Notes an error that ends nothing.
    mutating func note(_ error: CaptureError) { lastError = (error, .now) }

    mutating func end(_ error: CaptureError?) {
        phase = .ended(error)
        if let error { lastError = (error, .now) }
    }
}

extension StreamFormat {
    /// One line for people, such as `S16 48000 Hz 2 channels`.
    var summary: String { "\(encoding) \(sampleRate) Hz \(NumberText.counted(channels, "channel"))" }
}
