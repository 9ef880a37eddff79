// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CCurl

/// The segments of an HLS station, one after the other.
///
/// ffmpeg reads HLS too, but it takes the station's password only as an argument, which every user of the machine can
/// see, and it checks the certificate for the playlist alone: with tls_verify, ffmpeg 5.1 plays segments from a server whose
/// certificate it would refuse.
final class HLSFeed {
    /// How many segments from the end of a live playlist are begun with.
    private static let margin = 3

    private let settings: StationSettings
    private let group: TransferGroup
    private var base: StationURL
    private var playlist: HLSPlaylist
    private var isRead: Bool
    private var depth = 0
    /// The number of the next segment.
    private var next: Int?
    private var refresh: Transfer?
    private var refreshAt: Double
    private var segment: Transfer?
    /// The bytes of it that were asked for; nil for all.
    private var segmentRange: String?
    private var waiting: [(url: String, range: String?)] = []
    private var map: HLSPlaylist.Map?
    /// Segments in a row that could not be had.
    private var misses = 0
    /// When the playlist last had a new segment.
    private var lastNews: Double

    init(
        _ playlist: HLSPlaylist, _ url: StationURL, _ settings: StationSettings, in group: TransferGroup, at now: Double
    ) throws(StationFailure) {
        self.settings = settings
        self.group = group
        self.playlist = playlist
        base = url
        isRead = false
        refreshAt = now
        lastNews = now
        try adopt(playlist, at: now)
    }

    /// Seconds for which no audio may come, beyond the usual.
    var patience: Double { playlist.targetDuration }
    /// Whether it has an end, and so is a recording.
    var isRecording: Bool { playlist.isEnded }

    /// Reads a playlist that has come: of variants, or of segments.
    private func adopt(_ new: HLSPlaylist, at now: Double) throws(StationFailure) {
        if let obstacle = new.obstacle { throw StationFailure(obstacle) }
        if let choice = new.choice, new.segments.isEmpty {
            depth += 1
            guard depth <= StationList.depth else {
                throw StationFailure("playlists in playlists, more than \(StationList.depth) deep")
            }
            let url = try StationURL(choice, relativeTo: base)
            base = url
            refresh = try request(url, limit: HLSPlaylist.largest, at: now)
            return
        }
        playlist = new
        isRead = true
        let first = new.segments.first?.number ?? 0
        let last = new.segments.last?.number ?? -1
        if let next {
            // What is gone cannot be heard; numbers that begin anew are a new beginning.
            if next < first || next > last + 1 { self.next = max(first, last + 1 - Self.margin) }
        } else {
            next = new.isEnded ? first : max(first, last + 1 - Self.margin)
        }
        let hasNews = (next ?? 0) <= last
        if hasNews { lastNews = now }
        refreshAt = now + new.targetDuration * (hasNews ? 1 : 0.5)
    }

    private func request(
        _ url: StationURL, limit: Int = 64 * 1024, range: String? = nil, at now: Double
    ) throws(StationFailure) -> Transfer {
        guard url.scheme != "rtsp" else { throw StationFailure("the playlist names what is not HTTP") }
        return try Transfer(url, settings.request(url, range: range), limit: limit, in: group, at: now)
    }

    /// Goes on: returns audio if some has come. `restart` is set if what comes is a new beginning, which
    /// a new decoder has to read.
    ///
    /// - Returns: nil at the end of a recording.
    func step(at now: Double, restart: inout Bool) throws(StationFailure) -> [UInt8]? {
        try stepRefresh(at: now)
        guard isRead else { return [] }
        if let segment { return try step(segment, at: now) }
        if waiting.isEmpty { queueNext(&restart) }
        if waiting.isEmpty {
            if playlist.isEnded { return nil }
            if now - lastNews > 30 + 3 * playlist.targetDuration {
                throw StationFailure("the playlist \(base.shown) has had no new segment for \(Int(now - lastNews)) s")
            }
            return []
        }
        let (url, range) = waiting.removeFirst()
        segmentRange = range
        segment = try request(try StationURL(url, relativeTo: base), range: range, at: now)
        return []
    }

    private func stepRefresh(at now: Double) throws(StationFailure) {
        if let transfer = refresh {
            try transfer.check(at: now)
            guard !transfer.isFull else { throw StationFailure("the playlist \(base.shown) is too large") }
            guard transfer.result != nil else {
                if now - transfer.start > 2 * Transfer.patience {
                    throw StationFailure("the playlist \(base.shown) does not end")
                }
                return
            }
            refresh = nil
            if let location = redirect(transfer) {
                base = try StationURL(location, relativeTo: base)
                redirects += 1
                guard redirects <= Resolution.mostRedirects else {
                    throw StationFailure("more than \(Resolution.mostRedirects) redirects, the last to \(base.shown)")
                }
                refresh = try request(base, limit: HLSPlaylist.largest, at: now)
                return
            }
            redirects = 0
            if let refusal = transfer.refusal { throw StationFailure("the playlist: \(refusal)") }
            let bytes = transfer.takeReceived()
            guard HLSPlaylist.isOne(bytes) else { throw StationFailure("the server sent no HLS playlist") }
            try adopt(HLSPlaylist(bytes), at: now)
        } else if isRead, !playlist.isEnded, now >= refreshAt {
            refresh = try request(base, limit: HLSPlaylist.largest, at: now)
        }
    }

    private var redirects = 0

    private func redirect(_ transfer: Transfer) -> String? {
        guard let answer = transfer.answer, (300..<400).contains(answer.status) else { return nil }
        return answer.location
    }

    private func queueNext(_ restart: inout Bool) {
        guard let number = next, let segment = playlist.segments.first(where: { $0.number >= number }) else { return }
        next = segment.number + 1
        if let map = segment.map, map != self.map {
            restart = self.map != nil
            self.map = map
            waiting.append((map.url, map.range))
        }
        waiting.append((segment.url, segment.range))
    }

    private func step(_ transfer: Transfer, at now: Double) throws(StationFailure) -> [UInt8] {
        do throws(StationFailure) {
            try transfer.check(at: now)
            guard let answer = transfer.answer else { return [] }
            if let location = redirect(transfer) {
                redirects += 1
                guard redirects <= Resolution.mostRedirects else {
                    throw StationFailure("more than \(Resolution.mostRedirects) redirects of a segment")
                }
                segment = try request(
                    try StationURL(location, relativeTo: transfer.url), range: segmentRange, at: now)
                return []
            }
            redirects = 0
            if let refusal = transfer.refusal { throw StationFailure("a segment: \(refusal)") }
            if segmentRange != nil, answer.status != 206 {
                throw StationFailure("the server sends whole files where the playlist names parts of them")
            }
            if case .wrong(let reason) = ContentKind(
                type: "", path: "", beginning: transfer.received), transfer.total == transfer.received.count
            {
                throw StationFailure(reason)
            }
        } catch {
            // One segment that is missing is a gap; more are a station that is lost.
            misses += 1
            segment = nil
            waiting.removeAll()
            if misses >= 3 { throw error }
            return []
        }
        let bytes = transfer.takeReceived()
        if bytes.isEmpty, transfer.result != nil {
            segment = nil
            misses = 0
        }
        return bytes
    }
}
