// SPDX-License-Identifier: GPL-3.0-or-later

/// The layout of one sample in memory, as `ChannelMixer` reads it; little-endian unless the name says otherwise.
enum PCMEncoding: Sendable, CaseIterable {
    case uint8, int8
    case int16, int16Big, uint16, uint16Big
    /// Three bytes per sample.
    case int24Packed, int24PackedBig
    /// The low three of four bytes (ALSA's S24_LE); the fourth may hold anything.
    case int24InFour, int24InFourBig
    case int32, int32Big
    case float32, float32Big, float64, float64Big
    /// Logarithmic, one byte (ITU-T G.711).
    case aLaw, muLaw

    init(_ format: SampleFormat) {
        self =
            switch format {
            case .u8: .uint8
            case .s8: .int8
            case .s16le: .int16
            case .s16be: .int16Big
            case .u16le: .uint16
            case .u16be: .uint16Big
            case .s24le: .int24Packed
            case .s24be: .int24PackedBig
            case .s24in32le: .int24InFour
            case .s24in32be: .int24InFourBig
            case .s32le: .int32
            case .s32be: .int32Big
            case .f32le: .float32
            case .f32be: .float32Big
            case .f64le: .float64
            case .f64be: .float64Big
            case .alaw: .aLaw
            case .mulaw: .muLaw
            }
    }

    /// The name in a URI.
    var option: String { SampleFormat.allCases.first { Self($0) == self }?.rawValue ?? name }

    var bytes: Int {
        switch self {
        case .uint8, .int8, .aLaw, .muLaw: 1
        case .int16, .int16Big, .uint16, .uint16Big: 2
        case .int24Packed, .int24PackedBig: 3
        case .int24InFour, .int24InFourBig, .int32, .int32Big, .float32, .float32Big: 4
        case .float64, .float64Big: 8
        }
    }

    /// The display name.
    var name: String {
        switch self {
        case .uint8: "U8"
        case .int8: "S8"
        case .int16, .int16Big: "S16"
        case .uint16, .uint16Big: "U16"
        case .int24Packed, .int24PackedBig, .int24InFour, .int24InFourBig: "S24"
        case .int32, .int32Big: "S32"
        case .float32, .float32Big: "float"
        case .float64, .float64Big: "double"
        case .aLaw: "A-law"
        case .muLaw: "µ-law"
        }
    }

    /// Whether this satisfies the option `format=`; how a device pads 24 bits is its own affair.
    func satisfies(_ format: SampleFormat) -> Bool {
        self == PCMEncoding(format) || (self == .int24InFour && format == .s24le)
            || (self == .int24InFourBig && format == .s24be)
    }
}
