// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

@testable import Programme

struct StandardMIDIFileTests {
    @Test(
        arguments: [
            (0x00, [0x00]), (0x40, [0x40]), (0x7F, [0x7F]), (0x80, [0x81, 0x00]), (0x2000, [0xC0, 0x00]),
            (0x3FFF, [0xFF, 0x7F]), (0x4000, [0x81, 0x80, 0x00]), (0x1F_FFFF, [0xFF, 0xFF, 0x7F]),
            (0x20_0000, [0x81, 0x80, 0x80, 0x00]), (0xFFF_FFFF, [0xFF, 0xFF, 0xFF, 0x7F]),
        ] as [(Int, [UInt8])])
    func `variable-length quantities match the specification's table`(value: Int, bytes: [UInt8]) {
        #expect(VariableLengthQuantity.encode(value) == bytes)
    }

    @Test
    func `quantities are clamped to their range`() {
        #expect(VariableLengthQuantity.encode(-5) == [0])
        #expect(VariableLengthQuantity.encode(.max) == [0xFF, 0xFF, 0xFF, 0x7F])
    }

    @Test
    func `a file has the same events when it is read back, in order of time`() throws {
        let messages: [MIDIMessage] = [
            .trackName("Müsli"), .tempo(microsecondsPerQuarter: 500_000), .timeSignature(quarters: 3),
            .programChange(channel: 3, program: 66), .controlChange(channel: 3, controller: 7, value: 100),
            .noteOn(channel: 3, key: 60, velocity: 90), .pitchBend(channel: 3, value: -8192),
            .pitchBend(channel: 3, value: 8191), .pitchBend(channel: 3, value: 0), .noteOff(channel: 3, key: 60),
        ]
        let events = messages.enumerated().map { MIDIEvent(tick: $0.offset * 1000, message: $0.element) }
        let file = StandardMIDIFile(ticksPerQuarter: 480, tracks: [events, []])
        let shuffled = StandardMIDIFile(ticksPerQuarter: 480, tracks: [events.reversed(), []])
        #expect(try MIDIReader.read(file.encoded()) == file)
        #expect(try MIDIReader.read(shuffled.encoded()) == file)
    }

    @Test
    func `at the same time, notes end first, then sounds are set up, then notes begin`() throws {
        let events: [MIDIMessage] = [
            .noteOn(channel: 0, key: 60, velocity: 80), .controlChange(channel: 0, controller: 10, value: 64),
            .programChange(channel: 0, program: 1), .noteOff(channel: 0, key: 60), .tempo(microsecondsPerQuarter: 1),
        ]
        let file = StandardMIDIFile(ticksPerQuarter: 96, tracks: [events.map { MIDIEvent(tick: 5, message: $0) }])
        let read = try MIDIReader.read(file.encoded())
        #expect(read.tracks[0].map(\.message) == [4, 3, 2, 1, 0].map { events[$0] })
    }

    @Test
    func `values are clamped to their range, and a note on never has velocity 0`() {
        #expect(MIDIMessage.noteOn(channel: 99, key: 200, velocity: 0).bytes == [0x9F, 127, 1])
        #expect(MIDIMessage.noteOn(channel: -1, key: -1, velocity: 400).bytes == [0x90, 0, 127])
        #expect(MIDIMessage.pitchBend(channel: 0, value: 90_000).bytes == [0xE0, 127, 127])
        #expect(MIDIMessage.tempo(microsecondsPerQuarter: .max).bytes == [0xFF, 0x51, 3, 0xFF, 0xFF, 0xFF])
    }
}
