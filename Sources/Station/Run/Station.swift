// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc
import Reporting

/// Hears a station for as long as the program runs, whatever happens to it. Everything happens on one thread, in a loop
/// that waits for whatever comes next.
final class Station {
    /// Seconds of audio after which the waits begin anew.
    private static let goodPlaying = 60.0
    /// Seconds until it looks whether a reader has come to a FIFO, which says nothing when one does.
    private static let longestWait = 0.25

    private let settings: StationSettings
    private let ffmpeg: String
    private let hangUpAfter: Double
    private let group: TransferGroup
    private let output: AudioOutput
    private let notes: NotesOutput
    private let news: StationNews
    private let notification: ServiceNotification
    private let signals: SignalQueue

    private enum Phase {
        case connected(Connection)
        case waiting(until: Double)
        /// Nobody listens.
        case idle
    }

    private var phase: Phase
    private var backoff = Backoff(least: 1, most: 60, spread: 0.2)
    private var attempt = 0
    private var lastReason: String?
    private var nextSign = 0.0

    init(
        _ settings: StationSettings, ffmpeg: String, hangUpAfter: Double, output: AudioOutput, notes: NotesOutput,
        news: StationNews, notification: ServiceNotification, signals: SignalQueue
    ) throws(StationFailure) {
        self.settings = settings
        self.ffmpeg = ffmpeg
        self.hangUpAfter = hangUpAfter
        self.output = output
        self.notes = notes
        self.news = news
        self.notification = notification
        self.signals = signals
        group = try TransferGroup()
        phase = .waiting(until: 0)
    }

    /// Returns after a signal, or when standard output is closed.
    func run() {
        while signals.next() == nil, !output.isClosed {
            group.perform()
            let now = monotonicSeconds()
            output.flush(at: now)
            step(at: now)
            output.flush(at: now)
            notes.flush(at: now)
            if now >= nextSign {
                notification.isAlive()
                nextSign = now + 5
            }
            wait(at: now)
        }
        phase = .idle
        news.stopped()
    }

    private func step(at now: Double) {
        if let since = output.readerlessSince, now - since >= hangUpAfter {
            if case .idle = phase { return }
            phase = .idle
            output.endDecoder()
            lastReason = nil
            news.idle(hangUpAfter)
            return
        }
        do throws(StationFailure) {
            switch phase {
            case .idle:
                backoff.reset()
                try connect(at: now)
            case .waiting(let time):
                if now >= time { try connect(at: now) }
            case .connected(let connection):
                try connection.step(at: now, output)
                report(connection, at: now)
            }
        } catch {
            lose(error.reason, at: now)
        }
    }

    private func connect(at now: Double) throws(StationFailure) {
        news.connecting(lastReason: lastReason)
        let connection = try Connection(settings, attempt: attempt, ffmpeg: ffmpeg, in: group, at: now)
        attempt &+= 1
        phase = .connected(connection)
    }

    private func report(_ connection: Connection, at now: Double) {
        guard let since = connection.playingSince else { return }
        news.playing(settings.url, connection.detail, since: since, at: now)
        if let title = connection.title { news.title(title) }
        if now - since >= Self.goodPlaying { backoff.reset() }
    }

    private func lose(_ reason: String, at now: Double) {
        lastReason = reason
        let wait = backoff.next()
        phase = .waiting(until: now + wait)
        output.endDecoder()
        news.lost(reason, wait: wait, at: now)
        // What played is not what will play.
        news.title("")
    }

    private func wait(at now: Double) {
        var list: [(descriptor: Int32, events: Int32)] = [(signals.descriptor, POLLIN)]
        if output.hasReader { list.append((output.descriptor, output.isWaiting ? POLLOUT : 0)) }
        if let notes = notes.waited { list.append((notes, 0)) }
        var seconds = Self.longestWait
        switch phase {
        case .connected(let connection): list += connection.descriptors(output)
        case .waiting(let time): seconds = min(seconds, max(0, time - now))
        case .idle: break
        }
        group.wait(for: list, seconds: seconds)
    }
}
