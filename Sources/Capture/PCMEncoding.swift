// SPDX-License-Identifier: GPL-3.0-or-later

/// How one sample lies in memory, little-endian: what `MonoMixer` reads.
enum PCMEncoding: Sendable, CaseIterable {
    case int16
    /// In three bytes.
    case int24Packed
    /// In the low three of four bytes (ALSA's S24_LE); the fourth may hold anything.
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

    /// For people.
    var name: String {
        switch self {
        case .int16: "S16"
        case .int24Packed, .int24InFour: "S24"
        case .int32: "S32"
        case .float32: "float"
        }
    }

    /// Whether this is what the option `format=` asks for; the padding of 24 bits is the device's own affair.
    func satisfies(_ format: SampleFormat) -> Bool {
        self == PCMEncoding(format) || (self == .int24InFour && format == .s24le)
    }
}
