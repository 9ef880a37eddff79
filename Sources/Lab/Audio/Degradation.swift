// SPDX-License-Identifier: GPL-3.0-or-later

import Training

/// A degradation that audio passes through before its features are computed: a channel of `Training`, or a codec.
enum Degradation: Equatable {
    case channel(AudioChannel)
    case codec(Codec)

    static let all = AudioChannel.allCases.map(Degradation.channel) + Codec.allCases.map(Degradation.codec)

    init?(name: String) {
        guard let match = Self.all.first(where: { $0.name == name }) else { return nil }
        self = match
    }

    var name: String {
        switch self {
        case .channel(let channel): channel.rawValue
        case .codec(let codec): codec.rawValue
        }
    }

    var summary: String {
        switch self {
        case .channel(let channel): channel.summary
        case .codec(let codec): codec.summary
        }
    }

    func apply(to samples: [Float], rate: Int, name: TrackName) throws -> [Float] {
        switch self {
        case .channel(let channel): channel.apply(to: samples, rate: rate, name: name)
        case .codec(let codec): try codec.apply(to: samples, rate: rate)
        }
    }
}
