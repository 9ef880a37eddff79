// SPDX-License-Identifier: GPL-3.0-or-later

@testable import Programme

/// A reader of Standard MIDI Files, written from the specification and independent of the writer: it is as strict as the
/// specification, and supports running status, which the writer does not use.
struct MIDIReader {
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    private let bytes: [UInt8]
    private var position = 0

    static func read(_ bytes: [UInt8]) throws -> StandardMIDIFile {
        var reader = MIDIReader(bytes: bytes)
        return try reader.file()
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func file() throws -> StandardMIDIFile {
        try expect("MThd")
        guard try number(4) == 6 else { throw Malformed(description: "the header is not 6 bytes long") }
        guard try number(2) == 1 else { throw Malformed(description: "not format 1") }
        let count = try number(2)
        let division = try number(2)
        guard division > 0, division < 0x8000 else { throw Malformed(description: "division \(division)") }
        var tracks: [[MIDIEvent]] = []
        for _ in 0..<count { tracks.append(try track()) }
        guard position == bytes.count else { throw Malformed(description: "bytes after the last track") }
        return StandardMIDIFile(ticksPerQuarter: division, tracks: tracks)
    }

    private mutating func track() throws -> [MIDIEvent] {
        try expect("MTrk")
        let length = try number(4)
        let end = position + length
        var events: [MIDIEvent] = []
        var tick = 0
        var running: UInt8?
        while position < end {
            tick += try variableLength()
            var status = try byte()
            if status == 0xFF {
                let kind = try byte()
                let payload = try take(try variableLength())
                running = nil
                if kind == 0x2F {
                    guard position == end, payload.isEmpty else { throw Malformed(description: "end within a track") }
                    return events
                }
                events.append(MIDIEvent(tick: tick, message: try meta(kind, payload)))
                continue
            }
            if status < 0x80 {
                guard let last = running else { throw Malformed(description: "data byte without status") }
                status = last
                position -= 1
            }
            running = status
            events.append(MIDIEvent(tick: tick, message: try channelMessage(status)))
        }
        throw Malformed(description: "a track without end")
    }

    private mutating func channelMessage(_ status: UInt8) throws -> MIDIMessage {
        let channel = Int(status & 0x0F)
        let first = try data()
        switch status & 0xF0 {
        case 0x80:
            _ = try data()
            return .noteOff(channel: channel, key: first)
        case 0x90: return .noteOn(channel: channel, key: first, velocity: try data())
        case 0xB0: return .controlChange(channel: channel, controller: first, value: try data())
        case 0xC0: return .programChange(channel: channel, program: first)
        case 0xE0: return .pitchBend(channel: channel, value: first + (try data() << 7) - 8192)
        default: throw Malformed(description: "status \(status)")
        }
    }

    private func meta(_ kind: UInt8, _ payload: [UInt8]) throws -> MIDIMessage {
        switch (kind, payload.count) {
        case (0x03, _): return .trackName(String(decoding: payload, as: UTF8.self))
        case (0x51, 3): return .tempo(microsecondsPerQuarter: payload.reduce(0) { $0 << 8 | Int($1) })
        case (0x58, 4) where payload[1] == 2: return .timeSignature(quarters: Int(payload[0]))
        default: throw Malformed(description: "meta event \(kind) of \(payload.count) bytes")
        }
    }

    private mutating func variableLength() throws -> Int {
        var value = 0
        for _ in 0..<4 {
            let next = try byte()
            value = value << 7 | Int(next & 0x7F)
            if next < 0x80 { return value }
        }
        throw Malformed(description: "a quantity of more than four bytes")
    }

    private mutating func data() throws -> Int {
        let value = try byte()
        guard value < 0x80 else { throw Malformed(description: "data byte \(value)") }
        return Int(value)
    }

    private mutating func byte() throws -> UInt8 { try take(1)[0] }

    private mutating func number(_ count: Int) throws -> Int { try take(count).reduce(0) { $0 << 8 | Int($1) } }

    private mutating func expect(_ tag: String) throws {
        guard try take(4) == Array(tag.utf8) else { throw Malformed(description: "no \(tag) at byte \(position - 4)") }
    }

    private mutating func take(_ count: Int) throws -> [UInt8] {
        guard position + count <= bytes.count else { throw Malformed(description: "cut off at byte \(position)") }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }
}
