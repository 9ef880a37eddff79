// SPDX-License-Identifier: GPL-3.0-or-later

/// A Standard MIDI File of format 1: simultaneous tracks, with times in fractions of a quarter note (ticks).
struct StandardMIDIFile: Sendable, Equatable {
    /// 1 to 32767.
    var ticksPerQuarter: Int
    /// Each track's events, in any order.
    var tracks: [[MIDIEvent]]

    /// Returns the file's bytes: a header chunk, then one chunk per track with its events in order of time.
    func encoded() -> [UInt8] {
        var bytes = Array("MThd".utf8)
        bytes += bigEndian(6, bytes: 4)
        bytes += bigEndian(1, bytes: 2)
        bytes += bigEndian(tracks.count, bytes: 2)
        bytes += bigEndian(min(max(ticksPerQuarter, 1), 0x7FFF), bytes: 2)
        for track in tracks {
            let body = Self.encode(track)
            bytes += Array("MTrk".utf8) + bigEndian(body.count, bytes: 4) + body
        }
        return bytes
    }

    private static func encode(_ events: [MIDIEvent]) -> [UInt8] {
        // The index keeps the order of equal events, because sort(by:) need not be stable.
        let ordered = events.enumerated().sorted { left, right in
            (left.element.tick, left.element.message.precedence, left.offset)
                < (right.element.tick, right.element.message.precedence, right.offset)
        }
        var bytes: [UInt8] = []
        var now = 0
        for (_, event) in ordered {
            let tick = max(event.tick, now)
            bytes += VariableLengthQuantity.encode(tick - now) + event.message.bytes
            now = tick
        }
        return bytes + [0x00, 0xFF, 0x2F, 0x00]
    }

    private func bigEndian(_ value: Int, bytes count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(value >> ($0 * 8) & 0xFF) }
    }
}
