// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Takes the titles out of what an Icecast or Shoutcast server sends: after every `interval` bytes of audio, a byte that
/// says how many sixteen bytes of text follow.
struct ICYReader: Sendable {
    /// The intervals that are believed; servers have 4 to 64 KiB.
    static let intervals = 1...(16 << 20)

    private let interval: Int
    private var audioLeft: Int
    private var textLeft = 0
    private var text: [UInt8] = []
    private var isLengthNext = false

    /// - Parameter interval: the server's `icy-metaint`; nil without titles.
    init(interval: Int?) {
        self.interval = interval ?? .max
        audioLeft = self.interval
    }

    /// Returns the audio in some bytes, and the last title that has ended in them: empty if it was taken away, nil if
    /// there was none.
    mutating func read(_ bytes: [UInt8]) -> (audio: [UInt8], title: String?) {
        guard interval != .max else { return (bytes, nil) }
        var (audio, title): ([UInt8], String?) = ([], nil)
        audio.reserveCapacity(bytes.count)
        var rest = bytes[...]
        while !rest.isEmpty {
            if isLengthNext {
                isLengthNext = false
                textLeft = 16 * Int(rest.removeFirst())
                if textLeft == 0 { audioLeft = interval }
            } else if textLeft > 0 {
                let piece = rest.prefix(textLeft)
                text += piece
                rest = rest.dropFirst(piece.count)
                textLeft -= piece.count
                if textLeft == 0 {
                    title = Self.title(text) ?? title
                    text.removeAll(keepingCapacity: true)
                    audioLeft = interval
                }
            } else {
                let piece = rest.prefix(audioLeft)
                audio += piece
                rest = rest.dropFirst(piece.count)
                audioLeft -= piece.count
                isLengthNext = audioLeft == 0
            }
        }
        return (audio, title)
    }

    /// The title in `StreamTitle='…';`. Quotes in it are not marked, so it ends at the last `';` before the next name.
    static func title(_ bytes: [UInt8]) -> String? {
        let text = StationText.decode(bytes.prefix { $0 != 0 })
        guard let name = text.firstRange(of: "StreamTitle='") else { return nil }
        let rest = text[name.upperBound...]
        let end = rest.firstRange(of: "';Stream")?.lowerBound ?? lastEnd(rest)
        return Title.clean(String(rest[..<end])) ?? ""
    }

    private static func lastEnd(_ text: Substring) -> Substring.Index {
        let ends = text.indices.filter { text[$0...].hasPrefix("';") }
        if let last = ends.last { return last }
        return text.hasSuffix("'") ? text.index(before: text.endIndex) : text.endIndex
    }
}
