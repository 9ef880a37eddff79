// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import ControlProtocol
import Logging

/// What a source's station does, by its own account.
struct StationCondition {
    /// A line for the log.
    struct News: Equatable {
        var level: Logger.Level
        var text: String
    }

    /// Nil while nothing is known of it.
    private(set) var state: StationState?
    private var detail: String?
    private var ignoredNotes = 0
    /// Why its notes cannot be read; nil if they can.
    private(set) var failure: String?
    /// It has played since it was started.
    private var hasPlayed = false
    /// Since when it is lost, in monotonic seconds; nil if it is not.
    private var lostSince: Double?

    /// Whether the log has said that it is lost: what follows from that is no news.
    var isLost: Bool { lostSince != nil }

    /// Why it plays nothing, for people; nil if it plays or nothing is known.
    var reason: String? {
        switch state {
        case nil, .playing: nil
        case .some(let state): state.rawValue + (detail.map { ": \($0)" } ?? "")
        }
    }

    var status: StationStatus { StationStatus(state: state, detail: detail, ignoredNotes: ignoredNotes) }

    /// Takes over a note. Returns a line for the log if it is news: every attempt to come back is not.
    mutating func take(_ state: StationState, detail: String?) -> News? {
        let isOther = state != self.state
        (self.state, self.detail) = (state, detail)
        let more = detail.map { ": \($0)" } ?? ""
        switch state {
        case .connecting: return nil
        case .playing:
            defer { (lostSince, hasPlayed) = (nil, true) }
            if let lostSince {
                let time = DurationText.text(monotonicSeconds() - lostSince)
                return News(level: .notice, text: "the station plays\(hasPlayed ? " again" : ""), after \(time)")
            }
            return hasPlayed ? nil : News(level: .info, text: "the station plays")
        case .reconnecting:
            guard lostSince == nil else { return nil }
            lostSince = monotonicSeconds()
            let what = hasPlayed ? "the station is lost" : "no connection to the station"
            return News(level: .warning, text: what + more)
        case .stopped:
            return isOther ? News(level: .notice, text: "the station has stopped\(more)") : nil
        }
    }

    mutating func take(_ report: StationReport) {
        ignoredNotes = report.ignored
        failure = report.failure.map { "its notes are not read: \($0.message)" }
        // That it has stopped remains true.
        if report.isGone, state != .stopped { (state, detail) = (nil, nil) }
        if report.isGone { (lostSince, hasPlayed) = (nil, false) }
    }
}
