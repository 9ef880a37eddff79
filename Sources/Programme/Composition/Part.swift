// SPDX-License-Identifier: GPL-3.0-or-later

/// A note, with times in beats (quarter notes) from the beginning.
struct Note: Sendable, Equatable {
    var start: Double
    var length: Double
    var key: Int
    /// 1 to 127.
    var velocity: Int
}

/// One player's notes, and the settings of the mixing desk for them.
struct Part: Sendable {
    /// The sound of a part: the program of a melodic channel, or a drum kit on channel 10.
    enum Sound: Sendable, Equatable {
        case instrument(Instrument)
        case drums(DrumKit)
    }

    /// A movement of a controller or of the pitch wheel.
    struct Gesture: Sendable, Equatable {
        enum Kind: Sendable, Equatable {
            case controller(Controller, value: Int)
            /// Semitones upwards, -12 to 12, with fractions.
            case bend(Double)
        }
        var start: Double
        var kind: Kind
    }

    let name: String
    let sound: Sound
    /// 0 to 127.
    var volume: Int
    /// 0 (left) to 127 (right); 64 is the middle.
    var pan: Int
    var reverb: Int
    var chorus: Int
    /// The standard deviation, in seconds, of the distance between the notes and the beat.
    var looseness: Double
    /// A constant delay in seconds, for laid-back playing; negative for playing ahead of the beat.
    var delay: Double
    /// The amplifier of the part; nil goes straight to the mixing desk.
    var amplifier: Amplifier?
    private(set) var notes: [Note] = []
    private(set) var gestures: [Gesture] = []

    init(
        _ name: String, _ sound: Sound, volume: Int, pan: Int = 64, reverb: Int = 40, chorus: Int = 0,
        looseness: Double = 0.006, delay: Double = 0
    ) {
        self.name = name
        self.sound = sound
        self.volume = volume
        self.pan = pan
        self.reverb = reverb
        self.chorus = chorus
        self.looseness = looseness
        self.delay = delay
    }

    /// Whether the part plays on the percussion channel. A score has only one: a second drummer would change the kit and
    /// level of the first.
    var isDrums: Bool { if case .drums = sound { true } else { false } }

    mutating func play(_ key: Int, at start: Double, for length: Double, velocity: Int) {
        notes.append(Note(start: start, length: length, key: key, velocity: velocity))
    }

    mutating func play(_ drum: Drum, at start: Double, velocity: Int) {
        play(drum.rawValue, at: start, for: 0.2, velocity: velocity)
    }

    /// Plays a chord over `spread` beats, upwards in pitch, or downwards if `spread` is negative.
    mutating func strum(_ keys: [Int], at start: Double, for length: Double, velocity: Int, spread: Double = 0) {
        let order = spread < 0 ? keys.sorted(by: >) : keys.sorted()
        for (index, key) in order.enumerated() {
            let late = abs(spread) * Double(index) / Double(max(1, order.count - 1))
            play(key, at: start + late, for: max(0.05, length - late), velocity: velocity - index)
        }
    }

    /// Plays drum hits written as the steps of a bar of `beats`: `X` is an accent, `x` a stroke, `o` a ghost note; anything
    /// else is a rest.
    mutating func hit(_ drum: Drum, _ steps: String, at start: Double, beats: Double = 4, velocity: Int = 100) {
        let step = beats / Double(steps.count)
        for (index, mark) in steps.enumerated() {
            let share: Double
            switch mark {
            case "X": share = 1
            case "x": share = 0.8
            case "o": share = 0.45
            default: continue
            }
            play(drum, at: start + Double(index) * step, velocity: Int(Double(velocity) * share))
        }
    }

    mutating func set(_ controller: Controller, _ value: Int, at start: Double) {
        gestures.append(Gesture(start: start, kind: .controller(controller, value: value)))
    }

    /// Moves the pitch wheel in small steps from one bend to another, in semitones.
    mutating func bend(from first: Double, to last: Double, at start: Double, over length: Double) {
        let steps = 8
        for step in 0...steps {
            let share = Double(step) / Double(steps)
            let kind = Gesture.Kind.bend(first + (last - first) * share)
            gestures.append(Gesture(start: start + length * share, kind: kind))
        }
    }

    /// Moves the expression pedal in small steps: a swell or a diminuendo.
    mutating func swell(from first: Int, to last: Int, at start: Double, over length: Double) {
        let steps = 8
        for step in 0...steps {
            let value = first + (last - first) * step / steps
            set(.expression, value, at: start + length * Double(step) / Double(steps))
        }
    }
}
