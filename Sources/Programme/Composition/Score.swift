// SPDX-License-Identifier: GPL-3.0-or-later

/// A spoken line in time with the music, with times in beats from the beginning.
struct SpokenLine: Sendable, Equatable {
    var start: Double
    var length: Double
    var text: String
}

/// All parts of a piece, with their tempo and metre.
struct Score: Sendable {
    /// Quarter notes per minute.
    var tempo: Double
    var beatsPerBar = 4
    /// The delay of the second half of each `swungUnit`, as a share of the unit: 0 is straight, 1/6 a triplet.
    var swing = 0.0
    /// The unit that swing divides unevenly, in beats: 1 swings eighths, 0.5 sixteenths.
    var swungUnit = 1.0
    var parts: [Part] = []
    /// The lines of an MC.
    var lines: [SpokenLine] = []
    /// The equaliser of the finished mix, typical of the genre.
    var mastering: [EqualiserBand] = []

    static let ticksPerQuarter = 480
    /// The range of the pitch wheel that every channel is set to, in semitones.
    private static let bendRange = 12.0

    var secondsPerBeat: Double { 60 / tempo }

    /// Returns the score as a file that ends after `seconds`: later notes are omitted, longer ones are cut. The first
    /// track has the tempo and metre; the others are the parts in their order.
    func standardMIDIFile(seconds: Double, random: inout RandomSource) -> StandardMIDIFile {
        let end = ticks(seconds / secondsPerBeat)
        var conductor = [
            MIDIEvent(tick: 0, message: .tempo(microsecondsPerQuarter: Int((60e6 / tempo).rounded()))),
            MIDIEvent(tick: 0, message: .timeSignature(quarters: beatsPerBar)),
        ]
        // Makes the file last to its end, even if all parts end earlier.
        conductor.append(MIDIEvent(tick: end, message: .trackName("end")))
        var tracks = [conductor]
        var melodic = (0..<16).filter { $0 != 9 }.makeIterator()
        for part in parts {
            let channel = part.isDrums ? 9 : melodic.next() ?? 15
            tracks.append(track(of: part, channel: channel, end: end, random: &random))
        }
        return StandardMIDIFile(ticksPerQuarter: Self.ticksPerQuarter, tracks: tracks)
    }

    /// Returns the position of a beat with swing.
    func swung(_ beat: Double) -> Double {
        let position = beat / swungUnit
        let whole = position.rounded(.down)
        let part = position - whole
        let middle = 0.5 + swing
        let bent = part < 0.5 ? part * middle / 0.5 : middle + (part - 0.5) * (1 - middle) / 0.5
        return (whole + bent) * swungUnit
    }

    private func ticks(_ beats: Double) -> Int { Int((beats * Double(Self.ticksPerQuarter)).rounded()) }

    private func track(of part: Part, channel: Int, end: Int, random: inout RandomSource) -> [MIDIEvent] {
        var events = setUp(part, channel: channel)
        for gesture in part.gestures {
            let tick = ticks(swung(gesture.start) + part.delay / secondsPerBeat)
            guard tick < end else { continue }
            switch gesture.kind {
            case .controller(let controller, let value):
                let message = MIDIMessage.controlChange(channel: channel, controller: controller.rawValue, value: value)
                events.append(MIDIEvent(tick: max(0, tick), message: message))
            case .bend(let semitones):
                let value = Int((semitones / Self.bendRange * 8192).rounded())
                events.append(MIDIEvent(tick: max(0, tick), message: .pitchBend(channel: channel, value: value)))
            }
        }
        // The end of the last note of each key: a key must be released before it is struck again.
        var sounding: [Int: Int] = [:]
        for note in part.notes.sorted(by: { ($0.start, $0.key) < ($1.start, $1.key) }) {
            let late = (random.gaussian() * part.looseness + part.delay) / secondsPerBeat
            let start = max(0, ticks(swung(note.start) + late), sounding[note.key] ?? 0)
            let stop = min(end, max(start + 10, ticks(swung(note.start + note.length) + late) - 2))
            guard start < end - 10, (0...127).contains(note.key) else { continue }
            let velocity = note.velocity + Int((random.gaussian() * 5).rounded())
            let on = MIDIMessage.noteOn(channel: channel, key: note.key, velocity: min(max(velocity, 8), 127))
            events.append(MIDIEvent(tick: start, message: on))
            events.append(MIDIEvent(tick: stop, message: .noteOff(channel: channel, key: note.key)))
            sounding[note.key] = stop
        }
        return events
    }

    private func setUp(_ part: Part, channel: Int) -> [MIDIEvent] {
        let program: Int
        switch part.sound {
        case .instrument(let instrument): program = instrument.rawValue
        case .drums(let kit): program = kit.rawValue
        }
        // Registered parameter 0 is the pitch wheel's range, in semitones.
        let controls = [
            (101, 0), (100, 0), (6, Int(Self.bendRange)), (38, 0), (Controller.volume.rawValue, part.volume),
            (Controller.pan.rawValue, part.pan), (Controller.expression.rawValue, 127),
            (Controller.reverb.rawValue, part.reverb), (Controller.chorus.rawValue, part.chorus),
        ]
        let messages =
            [.trackName(part.name), .programChange(channel: channel, program: program)]
            + controls.map { MIDIMessage.controlChange(channel: channel, controller: $0.0, value: $0.1) }
        return messages.map { MIDIEvent(tick: 0, message: $0) }
    }
}
