// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CCurl
import Glibc

/// One attempt to hear a station, from its URL to its loss. It belongs to one thread.
final class Connection {
    /// Seconds without audio after which a station is given up.
    static let patience = 10.0

    private enum Feed {
        case resolving(Resolution)
        case http(Transfer, ICYReader)
        case hls(HLSFeed)
        /// ffmpeg speaks to the station itself.
        case direct
    }

    /// The title, as the station last said it; empty if it said that there is none.
    private(set) var title: String?
    /// What is played: `audio/mpeg, 128 kb/s`.
    private(set) var detail = ""
    /// When the first audio came.
    private(set) var playingSince: Double?

    private let settings: StationSettings
    private let group: TransferGroup
    private let ffmpeg: String
    private var feed: Feed
    private var decoder: Decoder?
    /// Another decoder follows when this one has ended.
    private var needsNewDecoder = false
    /// Why nothing more will come from the station.
    private var end: String?
    /// What comes is a recording, and faster than it sounds.
    private var isPaced = false
    /// When audio was last seen, or could not be taken.
    private var lastAudio: Double

    init(
        _ settings: StationSettings, attempt: Int, ffmpeg: String, in group: TransferGroup, at now: Double
    ) throws(StationFailure) {
        self.settings = settings
        self.group = group
        self.ffmpeg = ffmpeg
        lastAudio = now
        guard settings.url.scheme == "rtsp" else {
            feed = .resolving(try Resolution(settings, attempt: attempt, in: group, at: now))
            return
        }
        feed = .direct
        detail = "RTSP"
        let script = DecoderPlan.script(for: settings.url)
        let decoder = try Decoder(DecoderPlan.rtspArguments(ffmpeg: ffmpeg), isOnline: true, secrets: secrets)
        decoder.write(Array(script.utf8))
        decoder.closeInput()
        self.decoder = decoder
    }

    /// The longer ones first: a password can be part of a URL.
    private var secrets: [String] {
        let url = settings.url
        return [url.textWithPassword, url.text, url.password ?? ""].filter { !$0.isEmpty }
    }

    /// Goes on. Throws when the station is lost.
    func step(at now: Double, _ output: AudioOutput) throws(StationFailure) {
        if case .resolving(var resolution) = feed {
            // Not held twice while it changes, so that nothing of it is copied.
            feed = .direct
            let outcome = try resolution.step(at: now)
            feed = .resolving(resolution)
            guard let outcome else { return }
            try begin(outcome, at: now)
        }
        decoder?.readErrors()
        decoder?.flush()
        if let decoder, decoder.pending.isEmpty, end == nil, !needsNewDecoder { try feed(decoder, at: now) }
        try play(at: now, output)
    }

    private func begin(_ outcome: Resolution.Outcome, at now: Double) throws(StationFailure) {
        switch outcome {
        case .audio(let transfer):
            let answer = transfer.answer
            let interval = answer?.titleInterval.flatMap { ICYReader.intervals.contains($0) ? $0 : nil }
            feed = .http(transfer, ICYReader(interval: interval))
            transfer.setLimit(64 * 1024)
            let type = answer.map { String($0.type.prefix { $0 != ";" }.unicodeScalars.prefix(60)) } ?? ""
            let rate = answer?.bitRate.flatMap { Int($0) }.map { "\($0) kb/s" }
            detail = [type.isEmpty ? nil : type, rate].compactMap { $0 }.joined(separator: ", ")
            // What has a length is a recording, which comes as fast as the network can.
            isPaced = answer?.length != nil
        case .hls(let playlist, let url):
            let hls = try HLSFeed(playlist, url, settings, in: group, at: now)
            feed = .hls(hls)
            detail = "HLS"
            isPaced = hls.isRecording
        }
        decoder = try Decoder(DecoderPlan.arguments(ffmpeg: ffmpeg, paced: isPaced))
        lastAudio = now
    }

    private func feed(_ decoder: Decoder, at now: Double) throws(StationFailure) {
        switch feed {
        case .resolving, .direct: return
        case .http(let transfer, var reader):
            let (audio, newTitle) = reader.read(transfer.takeReceived())
            feed = .http(transfer, reader)
            if let newTitle { title = newTitle }
            decoder.write(audio)
            guard let result = transfer.result, transfer.received.isEmpty, decoder.pending.isEmpty else { return }
            end(result == CURLE_OK ? "the station ended" : "\(transfer.url.host) dropped the connection", decoder)
        case .hls(let hls):
            var restart = false
            let audio = try hls.step(at: now, restart: &restart)
            if restart {
                needsNewDecoder = true
                decoder.closeInput()
            } else if let audio {
                decoder.write(audio)
            } else {
                end("the station ended", decoder)
            }
        }
    }

    private func end(_ reason: String, _ decoder: Decoder) {
        end = reason
        decoder.closeInput()
    }

    private func play(at now: Double, _ output: AudioOutput) throws(StationFailure) {
        guard let decoder else { return }
        while output.hasRoom, let audio = decoder.read() {
            output.take(audio)
            lastAudio = now
            if playingSince == nil { playingSince = now }
            output.flush(at: now)
        }
        // A reader that takes nothing is not the station's fault.
        if !output.hasRoom { lastAudio = now }
        if decoder.isOver {
            output.endDecoder()
            if needsNewDecoder {
                needsNewDecoder = false
                self.decoder = try Decoder(DecoderPlan.arguments(ffmpeg: ffmpeg, paced: isPaced))
                return
            }
            throw StationFailure(loss(decoder))
        }
        var limit = Self.patience
        if case .hls(let hls) = feed { limit += hls.patience }
        if now - lastAudio > limit { throw StationFailure("no audio for \(Int(limit)) s") }
    }

    private func loss(_ decoder: Decoder) -> String {
        if decoder.total > 0 { return end ?? decoder.complaint ?? "ffmpeg ended" }
        let complaint = decoder.complaint
        if case .direct = feed { return complaint ?? "no audio came" }
        if end != nil, complaint == nil { return "the station ended before there was audio" }
        return "ffmpeg finds no audio in what the server sends: \(complaint ?? "it says nothing")"
    }

    /// What has to be waited for, besides transfers.
    func descriptors(_ output: AudioOutput) -> [(descriptor: Int32, events: Int32)] {
        guard let decoder else { return [] }
        var list: [(descriptor: Int32, events: Int32)] = []
        if decoder.output >= 0, output.hasRoom { list.append((decoder.output, POLLIN)) }
        if decoder.errors >= 0 { list.append((decoder.errors, POLLIN)) }
        if decoder.input >= 0, !decoder.pending.isEmpty { list.append((decoder.input, POLLOUT)) }
        return list
    }
}
