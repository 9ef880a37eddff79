// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The way from a station's URL to its audio: over redirects and lists of stations. One attempt.
struct Resolution {
    /// What was found.
    enum Outcome {
        /// The answer's body is audio.
        case audio(Transfer)
        case hls(HLSPlaylist, StationURL)
    }

    static let mostRedirects = 5

    private let settings: StationSettings
    private let attempt: Int
    private let group: TransferGroup
    private var transfer: Transfer
    private var redirects = 0
    private var depth = 0
    /// What is read to its end before it is looked at.
    private var whole: ContentKind?
    private var deadline: Double

    /// - Parameter attempt: which of the stations of a list is tried.
    init(_ settings: StationSettings, attempt: Int, in group: TransferGroup, at now: Double) throws(StationFailure) {
        self.settings = settings
        self.attempt = attempt
        self.group = group
        transfer = try Self.request(settings.url, settings, in: group, at: now)
        deadline = now + 2 * Transfer.patience
    }

    private static func request(
        _ url: StationURL, _ settings: StationSettings, in group: TransferGroup, at now: Double
    ) throws(StationFailure) -> Transfer {
        guard url.scheme != "rtsp" else { throw StationFailure("a playlist or redirect to rtsp: is not followed") }
        return try Transfer(url, settings.request(url, asksForTitles: true), in: group, at: now)
    }

    /// Goes on. Returns nil until there is an outcome.
    mutating func step(at now: Double) throws(StationFailure) -> Outcome? {
        try transfer.check(at: now)
        guard let answer = transfer.answer else { return nil }
        if (300..<400).contains(answer.status), let location = answer.location {
            try redirect(to: location, at: now)
            return nil
        }
        if let refusal = transfer.refusal { throw StationFailure(refusal) }
        if let whole { return try read(whole, at: now) }
        // Enough to tell what it is, and all of what is small.
        guard transfer.received.count >= 512 || transfer.result != nil || now - transfer.lastProgress > 1 else {
            if now > deadline { throw StationFailure("\(transfer.url.host) sends nothing") }
            return nil
        }
        guard !transfer.received.isEmpty else {
            guard transfer.result != nil || now > deadline else { return nil }
            throw StationFailure("\(transfer.url.host) sends nothing")
        }
        let kind = ContentKind(type: answer.type, path: transfer.url.path, beginning: transfer.received)
        switch kind {
        case .audio: return .audio(transfer)
        case .wrong(let reason): throw StationFailure(reason)
        case .m3u, .pls, .hls:
            whole = kind
            deadline = now + Transfer.patience
            transfer.setLimit(HLSPlaylist.largest)
            return try read(kind, at: now)
        }
    }

    private mutating func redirect(to location: String, at now: Double) throws(StationFailure) {
        redirects += 1
        guard redirects <= Self.mostRedirects else {
            throw StationFailure("more than \(Self.mostRedirects) redirects, the last to \(try url(location).shown)")
        }
        try go(to: try url(location), at: now)
    }

    private func url(_ location: String) throws(StationFailure) -> StationURL {
        try StationURL(location, relativeTo: transfer.url)
    }

    private mutating func go(to url: StationURL, at now: Double) throws(StationFailure) {
        transfer = try Self.request(url, settings, in: group, at: now)
        whole = nil
        deadline = now + 2 * Transfer.patience
    }

    /// Reads a list once all of it is there.
    private mutating func read(_ kind: ContentKind, at now: Double) throws(StationFailure) -> Outcome? {
        let base = transfer.url
        guard !transfer.isFull else { throw StationFailure("the playlist \(base.shown) is too large") }
        guard transfer.result != nil else {
            if now > deadline { throw StationFailure("the playlist \(base.shown) does not end") }
            return nil
        }
        let bytes = transfer.received
        // What begins like one kind can be the other.
        if kind == .hls || HLSPlaylist.isOne(bytes) { return .hls(HLSPlaylist(bytes), base) }
        guard bytes.count <= StationList.largest else {
            throw StationFailure("the playlist \(base.shown) is too large")
        }
        depth += 1
        guard depth <= StationList.depth else {
            throw StationFailure("playlists in playlists, more than \(StationList.depth) deep")
        }
        let entries = kind == .pls ? StationList.pls(bytes) : StationList.m3u(bytes)
        let next = try StationList.choose(entries, attempt: attempt, base: base)
        redirects = 0
        try go(to: next, at: now)
        return nil
    }
}

extension StationSettings {
    /// What is sent with a request: the headers of the settings only to the station's own host.
    func request(_ url: StationURL, asksForTitles: Bool = false, range: String? = nil) -> RequestOptions {
        RequestOptions(
            agent: agent, headers: url.origin == self.url.origin ? headers : [], authorities: authorities,
            asksForTitles: asksForTitles, range: range)
    }
}
