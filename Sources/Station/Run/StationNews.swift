// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Logging
import Reporting

/// What is told of a station: its state in notes and to the service manager, each change; and in the log what is news, so
/// that a station that is away for a night makes two lines.
final class StationNews {
    /// Seconds of audio after which a loss is over for the log.
    private static let goodPlaying = 10.0

    private let log: Logger
    private let notes: NotesOutput
    private let notification: ServiceNotification
    /// How log lines begin: the station's name, if it has one.
    private let prefix: String
    private var status = ""

    /// The reasons that were logged since it last played well.
    private var reasons: Set<String> = []
    private var lostSince: Double?
    private var tries = 0
    private var hasPlayed = false

    init(_ log: Logger, _ notes: NotesOutput, _ notification: ServiceNotification, name: String?) {
        self.log = log
        self.notes = notes
        self.notification = notification
        prefix = name.map { "\($0): " } ?? ""
    }

    private func set(_ state: StationState, _ detail: String?) {
        notes.set(state, detail)
        let text = detail.map { "\(state.rawValue): \($0)" } ?? state.rawValue
        if text != status { notification.status(printable(text)) }
        status = text
    }

    func connecting(lastReason: String?) {
        if let lastReason { set(.reconnecting, "\(lastReason), trying now") } else { set(.connecting, nil) }
        tries += 1
    }

    func playing(_ url: StationURL, _ detail: String, since: Double, at now: Double) {
        set(.playing, detail.isEmpty ? nil : detail)
        if !hasPlayed {
            hasPlayed = true
            log.notice("\(prefix)playing \(url.shown)\(detail.isEmpty ? "" : " (\(detail))")")
            (lostSince, reasons, tries) = (nil, [], 0)
        } else if let lost = lostSince, now - since >= Self.goodPlaying {
            let count = tries == 1 ? "" : ", \(tries) tries"
            log.notice("\(prefix)playing again after \(DurationText.text(since - lost))\(count)")
            (lostSince, reasons, tries) = (nil, [], 0)
        }
    }

    func lost(_ reason: String, wait: Double, at now: Double) {
        let next = "next try in \(DurationText.text(max(1, wait)))"
        set(.reconnecting, "\(reason), \(next)")
        lostSince = lostSince ?? now
        // A server can think of any number of reasons.
        if reasons.count < 20, reasons.insert(reason).inserted {
            log.warning("\(prefix)\(reason); \(next), then again and again")
        }
    }

    func idle(_ seconds: Double) {
        set(.stopped, "nobody listens")
        log.notice("\(prefix)nobody has listened for \(DurationText.text(seconds)): hung up until somebody does")
        (lostSince, reasons, tries, hasPlayed) = (nil, [], 0, false)
    }

    func title(_ title: String) { notes.set(title: title) }

    func stopped() {
        set(.stopped, nil)
        notes.flushNow()
    }
}
