// SPDX-License-Identifier: GPL-3.0-or-later

/// A MIDI message, or a meta event of a file. Encoding clamps values to their range.
enum MIDIMessage: Sendable, Equatable {
    /// `channel` 0 to 15, `key` and `velocity` 0 to 127.
    case noteOn(channel: Int, key: Int, velocity: Int)
    case noteOff(channel: Int, key: Int)
    case controlChange(channel: Int, controller: Int, value: Int)
    case programChange(channel: Int, program: Int)
    /// -8192 to 8191; 0 is no bend.
    case pitchBend(channel: Int, value: Int)
    case tempo(microsecondsPerQuarter: Int)
    /// A metre of `quarters` quarter notes per bar; only x/4 metres are supported.
    case timeSignature(quarters: Int)
    case trackName(String)

    /// The order of events at the same time: settings come before the notes that they affect, and a note ends before its
    /// key is struck again.
    var precedence: Int {
        switch self {
        case .trackName, .tempo, .timeSignature: 0
        case .noteOff: 1
        case .programChange: 2
        case .controlChange, .pitchBend: 3
        case .noteOn: 4
        }
    }

    /// The bytes of the message in a file, without its delta time. Running status is not used: it would save a few bytes
    /// but complicate reading.
    var bytes: [UInt8] {
        func data(_ value: Int) -> UInt8 { UInt8(min(max(value, 0), 127)) }
        func status(_ kind: UInt8, _ channel: Int) -> UInt8 { kind | UInt8(min(max(channel, 0), 15)) }
        func meta(_ kind: UInt8, _ payload: [UInt8]) -> [UInt8] {
            [0xFF, kind] + VariableLengthQuantity.encode(payload.count) + payload
        }
        switch self {
        case .noteOn(let channel, let key, let velocity):
            // Velocity 0 would mean note off.
            return [status(0x90, channel), data(key), max(1, data(velocity))]
        case .noteOff(let channel, let key):
            return [status(0x80, channel), data(key), 64]
        case .controlChange(let channel, let controller, let value):
            return [status(0xB0, channel), data(controller), data(value)]
        case .programChange(let channel, let program):
            return [status(0xC0, channel), data(program)]
        case .pitchBend(let channel, let value):
            let bits = min(max(value + 8192, 0), 16383)
            return [status(0xE0, channel), UInt8(bits & 0x7F), UInt8(bits >> 7)]
        case .tempo(let microseconds):
            let held = min(max(microseconds, 1), 0xFF_FFFF)
            return meta(0x51, [UInt8(held >> 16), UInt8(held >> 8 & 0xFF), UInt8(held & 0xFF)])
        case .timeSignature(let quarters):
            return meta(0x58, [data(quarters), 2, 24, 8])
        case .trackName(let name):
            return meta(0x03, Array(name.utf8))
        }
    }
}

/// A message and its time, in ticks from the beginning.
struct MIDIEvent: Sendable, Equatable {
    var tick: Int
    var message: MIDIMessage
}
