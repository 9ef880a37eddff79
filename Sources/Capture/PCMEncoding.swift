// SPDX-License-Identifier: GPL-3.0-or-later

/// The layout of one sample in memory, little-endian, as `MonoMixer` reads it.
enum PCMEncoding: Sendable, CaseIterable {
    case int16
    /// Three bytes per sample.
    case int24Packed
    /// The low three of four bytes (ALSA's S24_LE); the fourth may hold anything.
    case int24InFour
    case int32
    case float32

    init(_ format: SampleFormat) {
        self =
            switch format {
            case .s16le: .int16
            case .s24le: .int24Packed
            case .s32le: .int32
            case .f32le: .float32
            }
    }

    var bytes: Int {
        switch self {
        case .int16: 2
        case .int24Packed: 3
        case .int24InFour, .int32, .float32: 4
        }
    }

    /// The display name.
    var name: String {
        switch self {
        case .int16: "S16"
        case .int24Packed, .int24InFour: "S24"
        case .int32: "S32"
        case .float32: "float"
        }
    }

    /// Whether this satisfies the option `format=`; how a device pads 24 bits is its own affair.
    func satisfies(_ format: SampleFormat) -> Bool {
        self == PCMEncoding(format) || (self == .int24InFour && format == .s24le)
    }
}
