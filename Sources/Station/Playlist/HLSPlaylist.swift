// SPDX-License-Identifier: GPL-3.0-or-later

/// An HLS playlist (RFC 8216): of variants of a station, or of the segments of one.
struct HLSPlaylist: Sendable, Equatable {
    /// The most bytes of a playlist: a day of segments.
    static let largest = 4 << 20
    /// More than a day of segments.
    static let mostSegments = 20_000

    /// A piece of audio.
    struct Segment: Sendable, Equatable {
        var url: String
        var number: Int
        var duration: Double
        /// Of the file, as HTTP's Range has it; nil for all of it.
        var range: String?
        /// What fMP4 needs before it.
        var map: Map?
    }

    /// The beginning of an fMP4 file.
    struct Map: Sendable, Equatable {
        var url: String
        var range: String?
    }

    struct Variant: Sendable, Equatable {
        var url: String
        /// Bits a second; 0 if it is not said.
        var bandwidth: Int
        var audioGroup: String?
    }

    var segments: [Segment] = []
    var variants: [Variant] = []
    /// The URL of the audio of each group that has one apart from the picture.
    var audioGroups: [String: String] = [:]
    /// Seconds that no segment is longer than.
    var targetDuration = 10.0
    /// Whether no segment will be added.
    var isEnded = false
    /// Why it cannot be played.
    var obstacle: String?

    /// Whether a list is one: every HLS playlist has such a line.
    static func isOne(_ bytes: [UInt8]) -> Bool {
        StationText.lines(bytes).contains { $0.uppercased().hasPrefix("#EXT-X-") }
    }

    init(_ bytes: [UInt8]) {
        var state = State()
        for line in StationText.lines(bytes) {
            if line.hasPrefix("#") { readTag(line, &state) } else { readURL(line, &state) }
        }
    }

    private struct State {
        var number = 0
        var duration = 0.0
        var range: (length: Int, offset: Int?)?
        var rangeEnd = 0
        var map: Map?
        var variant: Variant?
    }

    private mutating func readTag(_ line: String, _ state: inout State) {
        let colon = line.firstIndex(of: ":") ?? line.endIndex
        let value = colon == line.endIndex ? "" : String(line[line.index(after: colon)...])
        switch line[..<colon].uppercased() {
        case "#EXTINF":
            state.duration = Self.seconds(value.prefix { $0 != "," })
        case "#EXT-X-TARGETDURATION":
            targetDuration = max(1, Self.seconds(value[...]))
        case "#EXT-X-MEDIA-SEQUENCE":
            state.number = Int(value).flatMap { (0...(1 << 60)).contains($0) ? $0 : nil } ?? 0
        case "#EXT-X-ENDLIST":
            isEnded = true
        case "#EXT-X-BYTERANGE":
            state.range = Self.byteRange(value)
        case "#EXT-X-MAP":
            let attributes = Self.attributes(value)
            state.map = attributes["URI"].map { url in
                let range = attributes["BYTERANGE"].flatMap(Self.byteRange)
                return Map(url: url, range: range.flatMap { Self.range($0.length, from: $0.offset ?? 0) })
            }
        case "#EXT-X-KEY":
            let method = Self.attributes(value)["METHOD"] ?? "NONE"
            if method != "NONE" { obstacle = "the station is encrypted (HLS), which is not read" }
        case "#EXT-X-STREAM-INF":
            let attributes = Self.attributes(value)
            let bandwidth = attributes["BANDWIDTH"].flatMap { Int($0) } ?? 0
            state.variant = Variant(url: "", bandwidth: max(0, bandwidth), audioGroup: attributes["AUDIO"])
        case "#EXT-X-MEDIA":
            let attributes = Self.attributes(value)
            guard attributes["TYPE"] == "AUDIO", let group = attributes["GROUP-ID"], let url = attributes["URI"] else {
                break
            }
            if audioGroups[group] == nil || attributes["DEFAULT"] == "YES" { audioGroups[group] = url }
        default: break
        }
    }

    private mutating func readURL(_ line: String, _ state: inout State) {
        if var variant = state.variant {
            variant.url = line
            variants.append(variant)
            state.variant = nil
            return
        }
        var segment = Segment(url: line, number: state.number, duration: state.duration, map: state.map)
        if let range = state.range {
            // Without an offset it begins where the segment before ended.
            let offset = range.offset ?? state.rangeEnd
            segment.range = Self.range(range.length, from: offset)
            state.rangeEnd = offset + range.length
        }
        guard segments.count < Self.mostSegments else {
            obstacle = "the playlist has more than \(Self.mostSegments) segments"
            return
        }
        segments.append(segment)
        state.number += 1
        (state.duration, state.range) = (0, nil)
    }

    private static func seconds(_ text: Substring) -> Double {
        guard let value = Double(text.filter { $0 != " " }), value.isFinite else { return 0 }
        return min(max(0, value), 3600)
    }

    /// `LENGTH[@OFFSET]`.
    private static func byteRange(_ text: String) -> (length: Int, offset: Int?)? {
        let parts = text.split(separator: "@").map { Int($0) }
        let limit = 0...(1 << 40)
        guard let length = parts.first ?? nil, length > 0, limit.contains(length) else { return nil }
        guard parts.count > 1 else { return (length, nil) }
        guard let offset = parts[1], limit.contains(offset) else { return nil }
        return (length, offset)
    }

    private static func range(_ length: Int, from offset: Int) -> String? {
        // An offset that has grown past every file is no range.
        offset <= 1 << 50 ? "\(offset)-\(offset + length - 1)" : nil
    }

    /// `NAME=VALUE,NAME="VALUE"`.
    private static func attributes(_ text: String) -> [String: String] {
        var attributes: [String: String] = [:]
        var rest = text[...]
        while let equals = rest.firstIndex(of: "=") {
            let name = StationText.trimmed(String(rest[..<equals])).uppercased()
            rest = rest[rest.index(after: equals)...]
            var value = rest.prefix { $0 != "," }
            if rest.first == "\"" {
                rest = rest.dropFirst()
                value = rest.prefix { $0 != "\"" }
                rest = rest[value.endIndex...].drop { $0 != "," }
            } else {
                rest = rest[value.endIndex...]
            }
            rest = rest.dropFirst()
            attributes[name] = String(value)
        }
        return attributes
    }

    /// What to listen to: the audio alone if it is apart; else the variant of the least bandwidth that is enough, 64 kb/s,
    /// else the best.
    var choice: String? {
        let order = variants.sorted { $0.bandwidth < $1.bandwidth }
        guard let variant = order.first(where: { $0.bandwidth >= 64_000 }) ?? order.last else { return nil }
        return variant.audioGroup.flatMap { audioGroups[$0] } ?? variant.url
    }
}
