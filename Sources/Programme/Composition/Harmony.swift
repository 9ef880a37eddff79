// SPDX-License-Identifier: GPL-3.0-or-later

/// The kinds of chord that the pieces use.
enum ChordKind: Sendable {
    case major, minor, power, suspended, sixth, minorSixth, addedNinth
    case dominantSeventh, majorSeventh, minorSeventh, halfDiminished, diminishedSeventh
    case dominantNinth, majorNinth, minorNinth, thirteenth, sharpNinth

    /// The semitones above the root.
    var intervals: [Int] {
        switch self {
        case .major: [0, 4, 7]
        case .minor: [0, 3, 7]
        case .power: [0, 7, 12]
        case .suspended: [0, 5, 7]
        case .sixth: [0, 4, 7, 9]
        case .minorSixth: [0, 3, 7, 9]
        case .addedNinth: [0, 2, 4, 7]
        case .dominantSeventh: [0, 4, 7, 10]
        case .majorSeventh: [0, 4, 7, 11]
        case .minorSeventh: [0, 3, 7, 10]
        case .halfDiminished: [0, 3, 6, 10]
        case .diminishedSeventh: [0, 3, 6, 9]
        case .dominantNinth: [0, 4, 7, 10, 14]
        case .majorNinth: [0, 4, 7, 11, 14]
        case .minorNinth: [0, 3, 7, 10, 14]
        case .thirteenth: [0, 4, 10, 14, 21]
        case .sharpNinth: [0, 4, 7, 10, 15]
        }
    }

    var isMinor: Bool { intervals.contains(3) }
}

/// A chord: a root, as a pitch class (0 is C), and a kind.
struct Chord: Sendable, Equatable {
    var root: Int
    var kind: ChordKind

    init(_ root: Int, _ kind: ChordKind) {
        self.root = modulo(root, 12)
        self.kind = kind
    }

    /// The pitch classes, root first.
    var pitchClasses: [Int] { kind.intervals.map { modulo(root + $0, 12) } }

    /// The pitch classes without the root, as a pianist plays them above a bass.
    var rootlessPitchClasses: [Int] {
        let others = Array(pitchClasses.dropFirst())
        return others.count >= 3 ? others : pitchClasses
    }

    /// The fifth above the root as a pitch class, diminished if that of the chord is.
    var fifth: Int { modulo(root + (kind.intervals.contains(6) ? 6 : 7), 12) }

    /// The third above the root, as a pitch class.
    var third: Int { modulo(root + (kind.isMinor ? 3 : 4), 12) }
}

/// A scale: a tonic, and its steps in semitones.
struct Scale: Sendable, Equatable {
    var tonic: Int
    var steps: [Int]

    static func major(_ tonic: Int) -> Scale { Scale(tonic: tonic, steps: [0, 2, 4, 5, 7, 9, 11]) }
    static func minor(_ tonic: Int) -> Scale { Scale(tonic: tonic, steps: [0, 2, 3, 5, 7, 8, 10]) }
    static func harmonicMinor(_ tonic: Int) -> Scale { Scale(tonic: tonic, steps: [0, 2, 3, 5, 7, 8, 11]) }
    static func dorian(_ tonic: Int) -> Scale { Scale(tonic: tonic, steps: [0, 2, 3, 5, 7, 9, 10]) }
    static func phrygian(_ tonic: Int) -> Scale { Scale(tonic: tonic, steps: [0, 1, 3, 5, 7, 8, 10]) }
    static func mixolydian(_ tonic: Int) -> Scale { Scale(tonic: tonic, steps: [0, 2, 4, 5, 7, 9, 10]) }
    static func blues(_ tonic: Int) -> Scale { Scale(tonic: tonic, steps: [0, 3, 5, 6, 7, 10]) }
    static func majorPentatonic(_ tonic: Int) -> Scale { Scale(tonic: tonic, steps: [0, 2, 4, 7, 9]) }
    static func minorPentatonic(_ tonic: Int) -> Scale { Scale(tonic: tonic, steps: [0, 3, 5, 7, 10]) }

    /// Returns the scale that a soloist plays over a chord.
    static func over(_ chord: Chord) -> Scale {
        switch chord.kind {
        case .minor, .minorSeventh, .minorNinth, .minorSixth: .dorian(chord.root)
        case .dominantSeventh, .dominantNinth, .thirteenth, .sharpNinth: .mixolydian(chord.root)
        case .halfDiminished: Scale(tonic: chord.root, steps: [0, 1, 3, 5, 6, 8, 10])
        case .diminishedSeventh: Scale(tonic: chord.root, steps: [0, 2, 3, 5, 6, 8, 9, 11])
        default: .major(chord.root)
        }
    }

    func contains(_ key: Int) -> Bool { steps.contains(modulo(key - tonic, 12)) }

    /// Returns the keys of the scale within a range, ascending.
    func keys(in range: ClosedRange<Int>) -> [Int] { range.filter(contains) }

    /// Returns the triad of the scale on a degree; 0 is the tonic.
    func triad(_ degree: Int) -> Chord {
        let root = step(degree)
        let third = step(degree + 2) - root
        let fifth = step(degree + 4) - root
        return Chord(tonic + root, third == 3 ? (fifth == 6 ? .diminishedSeventh : .minor) : .major)
    }

    private func step(_ degree: Int) -> Int {
        steps[modulo(degree, steps.count)] + 12 * Int((Double(degree) / Double(steps.count)).rounded(.down))
    }
}

/// Returns the key of a pitch class that is nearest to `target`.
func nearestKey(_ pitchClass: Int, to target: Int) -> Int {
    let up = modulo(pitchClass - target, 12)
    return up <= 6 ? target + up : target + up - 12
}

/// Returns the non-negative remainder of a division.
func modulo(_ value: Int, _ divisor: Int) -> Int {
    let rest = value % divisor
    return rest < 0 ? rest + divisor : rest
}
