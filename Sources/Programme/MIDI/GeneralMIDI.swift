// SPDX-License-Identifier: GPL-3.0-or-later

/// The instruments of General MIDI level 1 that the pieces use. The raw value is the program number, from 0.
enum Instrument: Int, Sendable {
    case grandPiano = 0
    case brightPiano = 1
    case honkyTonkPiano = 3
    case electricPiano = 4
    case vibraphone = 11
    case rockOrgan = 18
    case harmonica = 22
    case steelGuitar = 25
    case cleanGuitar = 27
    case mutedGuitar = 28
    case overdrivenGuitar = 29
    case acousticBass = 32
    case fingeredBass = 33
    case pickedBass = 34
    case deepSynthBass = 39
    case violin = 40
    case viola = 41
    case cello = 42
    case contrabass = 43
    case tremoloStrings = 44
    case stringEnsemble = 48
    case orchestraHit = 55
    case trumpet = 56
    case mutedTrumpet = 59
    case frenchHorn = 60
    case brassSection = 61
    case altoSax = 65
    case tenorSax = 66
    case oboe = 68
    case clarinet = 71
    case flute = 73
    case banjo = 105
    case fiddle = 110
}

/// The drum kits that the extensions of General MIDI have in common. The raw value is the program of channel 10.
enum DrumKit: Int, Sendable {
    case standard = 0
    case room = 8
    case power = 16
    case jazz = 32
    case brush = 40
}

/// The keys of General MIDI's percussion channel.
enum Drum: Int, Sendable {
    case scratchPush = 29
    case scratchPull = 30
    case acousticKick = 35
    case kick = 36
    case crossStick = 37
    case snare = 38
    case clap = 39
    case closedHat = 42
    case floorTom = 43
    case pedalHat = 44
    case openHat = 46
    case tomMiddle = 47
    case tomHigh = 48
    case crash = 49
    case tomHighest = 50
    case ride = 51
    case china = 52
    case tambourine = 54
    case crash2 = 57
    case congaHigh = 63
    case congaLow = 64
    case timbaleHigh = 65
    case shaker = 82
}

/// The controllers that the pieces use.
enum Controller: Int, Sendable {
    case modulation = 1
    case volume = 7
    case pan = 10
    case expression = 11
    case reverb = 91
    case chorus = 93
}
