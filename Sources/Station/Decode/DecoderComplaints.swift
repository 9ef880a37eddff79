// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// What ffmpeg says, of which the last useful line is kept.
struct DecoderComplaints: Sendable {
    /// What must not be in a message.
    var secrets: [String] = []
    /// For people, on one line; nil without one.
    private(set) var last: String?

    private var line: [UInt8] = []

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            if byte == 10 || byte == 13 {
                end()
            } else if line.count < 1000 {
                line.append(byte)
            }
        }
    }

    private mutating func end() {
        defer { line.removeAll(keepingCapacity: true) }
        var text = StationText.trimmed(StationText.decode(line))
        // The part of ffmpeg that speaks, and its address: [mp3 @ 0x55d0c8a3e2c0].
        while text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            text = StationText.trimmed(String(text[text.index(after: end)...]))
        }
        guard !text.isEmpty, !Self.isUseless(text) else { return }
        if let known = Self.translation(text) {
            text = known
        } else if text.hasPrefix("pipe:0: ") {
            // Only the C library's word for what was said before.
            guard last == nil else { return }
            text = String(text.dropFirst(8))
        }
        for secret in secrets where !secret.isEmpty { text = text.replacing(secret, with: "…") }
        last = String(printable(text).prefix(160))
    }

    /// Lines about single packets, and those that only repeat that there was an error.
    private static func isUseless(_ text: String) -> Bool {
        [
            "Last message repeated", "Error while decoding stream", "Header missing", "Conversion failed",
            "Impossible to open",
        ].contains { text.hasPrefix($0) }
    }

    private static func translation(_ text: String) -> String? {
        if text.contains("matches no streams") { return "no audio in it" }
        if text.contains("Invalid data found when processing input") { return "no format that ffmpeg knows" }
        if text.contains("not on whitelist") { return "a format in which no station sends" }
        return nil
    }
}
