// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CALSA
import Glibc

/// The parameters on which a PCM and the URI agree.
struct ALSASetup {
    var mixer: ChannelMixer
    /// The hardware's rate, Hz.
    var sampleRate: Int
    /// Frames per wake-up.
    var periodFrames: Int

    /// Encodings, in order of preference: 16 bits are enough to classify, and the cheapest; an encoding that the device lacks
    /// costs a conversion.
    private static let encodings: [(PCMEncoding, snd_pcm_format_t)] = [
        (.int16, SND_PCM_FORMAT_S16_LE), (.int24Packed, SND_PCM_FORMAT_S24_3LE),
        (.int24InFour, SND_PCM_FORMAT_S24_LE), (.int32, SND_PCM_FORMAT_S32_LE),
        (.float32, SND_PCM_FORMAT_FLOAT_LE), (.int16Big, SND_PCM_FORMAT_S16_BE),
        (.int24PackedBig, SND_PCM_FORMAT_S24_3BE), (.int24InFourBig, SND_PCM_FORMAT_S24_BE),
        (.int32Big, SND_PCM_FORMAT_S32_BE), (.float32Big, SND_PCM_FORMAT_FLOAT_BE),
        (.float64, SND_PCM_FORMAT_FLOAT64_LE), (.float64Big, SND_PCM_FORMAT_FLOAT64_BE),
        (.uint16, SND_PCM_FORMAT_U16_LE), (.uint16Big, SND_PCM_FORMAT_U16_BE), (.uint8, SND_PCM_FORMAT_U8),
        (.int8, SND_PCM_FORMAT_S8), (.aLaw, SND_PCM_FORMAT_A_LAW), (.muLaw, SND_PCM_FORMAT_MU_LAW),
    ]
    /// Rates in Hz, in order of preference; failing these, the device's nearest to the first.
    private static let preferredRates: [UInt32] = [48_000, 44_100]
    /// Channel counts, in order of preference.
    private static let preferredChannels: [UInt32] = [2, 1, 4, 8, 6, 3, 5, 7] + Array(9...64)
    /// Microseconds of audio in the device's buffer: the thread may be delayed that long, less one period, before audio is
    /// lost.
    private static let buffer: UInt32 = 1_000_000
    /// The fewest periods in a buffer.
    private static let fewestPeriods: UInt32 = 3

    /// Sets what the URI demands and, where it leaves a choice, what the device offers without conversion.
    static func negotiate(
        _ pcm: OpaquePointer, name: String, requested: RequestedFormat, use: ChannelSelection?, piece: Double
    ) throws(CaptureError) -> ALSASetup {
        var allocated: OpaquePointer?
        guard snd_pcm_hw_params_malloc(&allocated) == 0, let parameters = allocated else {
            throw CaptureError(.cannotOpen, "ALSA's \(name): out of memory", call: "snd_pcm_hw_params_malloc")
        }
        defer { snd_pcm_hw_params_free(parameters) }
        let hardware = HardwareParameters(pcm: pcm, parameters: parameters, name: name)
        try hardware.begin()
        let encoding = try hardware.chooseEncoding(requested.format)
        let channels = try hardware.chooseChannels(requested.channels, least: use?.least ?? 1)
        try hardware.chooseRate(requested.rate)
        // A device with a fixed buffer keeps it.
        var bufferTime = buffer
        snd_pcm_hw_params_set_buffer_time_near(pcm, parameters, &bufferTime, nil)
        var periodTime = min(UInt32(piece * 1e6), bufferTime / fewestPeriods)
        snd_pcm_hw_params_set_period_time_near(pcm, parameters, &periodTime, nil)
        try alsa(name, "rejects the parameters that it offered", "snd_pcm_hw_params") {
            snd_pcm_hw_params(pcm, parameters)
        }

        var (rate, periodFrames) = (UInt32(0), snd_pcm_uframes_t(0))
        snd_pcm_hw_params_get_rate(parameters, &rate, nil)
        snd_pcm_hw_params_get_period_size(parameters, &periodFrames, nil)
        guard requested.rate ?? Int(rate) == Int(rate), RequestedFormat.rates.contains(Int(rate)) else {
            throw CaptureError(
                .formatMismatch, "ALSA's \(name) runs at \(rate) Hz, not \(requested.rate ?? 48_000)",
                call: "snd_pcm_hw_params_get_rate")
        }
        try wake(pcm, name, every: periodFrames)
        return ALSASetup(
            mixer: ChannelMixer(
                encoding: encoding, channels: channels, rate: Int(rate),
                listened: try use.listened(ofChannels: channels, device: "ALSA's \(name)")),
            sampleRate: Int(rate),
            periodFrames: max(64, Int(min(periodFrames, 1 << 16))))
    }

    private static func wake(
        _ pcm: OpaquePointer, _ name: String, every frames: snd_pcm_uframes_t
    ) throws(CaptureError) {
        var allocated: OpaquePointer?
        guard snd_pcm_sw_params_malloc(&allocated) == 0, let parameters = allocated else {
            throw CaptureError(.cannotOpen, "ALSA's \(name): out of memory", call: "snd_pcm_sw_params_malloc")
        }
        defer { snd_pcm_sw_params_free(parameters) }
        try alsa(name, "rejects the parameters that it offered", "snd_pcm_sw_params") {
            snd_pcm_sw_params_current(pcm, parameters)
            snd_pcm_sw_params_set_avail_min(pcm, parameters, frames)
            return snd_pcm_sw_params(pcm, parameters)
        }
    }

    /// The device's remaining configurations, which each choice narrows.
    private struct HardwareParameters {
        let pcm: OpaquePointer
        let parameters: OpaquePointer
        let name: String

        func begin() throws(CaptureError) {
            try alsa(name, "offers no configuration", "snd_pcm_hw_params_any") {
                snd_pcm_hw_params_any(pcm, parameters)
            }
            // A plugin may convert encodings, but not rates: genred resamples once, and well.
            snd_pcm_hw_params_set_rate_resample(pcm, parameters, 0)
            try alsa(name, "does not interleave its channels; use plug:\(name)", "snd_pcm_hw_params_set_access") {
                snd_pcm_hw_params_set_access(pcm, parameters, SND_PCM_ACCESS_RW_INTERLEAVED)
            }
        }

        func chooseEncoding(_ requested: SampleFormat?) throws(CaptureError) -> PCMEncoding {
            let offered = ALSASetup.encodings.filter {
                snd_pcm_hw_params_test_format(pcm, parameters, $0.1) == 0
            }
            guard let (encoding, format) = offered.first(where: { requested.map($0.0.satisfies) ?? true }) else {
                let formats = SampleFormat.allCases.filter { format in offered.contains { $0.0.satisfies(format) } }
                let wanted = requested.map { "no format \($0.rawValue)" } ?? "no format that genred reads"
                throw mismatch("has \(wanted)", formats.map(\.rawValue), "snd_pcm_hw_params_test_format")
            }
            try alsa(name, "rejects \(encoding.name)", "snd_pcm_hw_params_set_format") {
                snd_pcm_hw_params_set_format(pcm, parameters, format)
            }
            return encoding
        }

        func chooseChannels(_ requested: Int?, least: Int) throws(CaptureError) -> Int {
            let candidates = requested.map { [UInt32($0)] } ?? ALSASetup.preferredChannels.filter { $0 >= least }
            guard
                let channels = candidates.first(where: {
                    snd_pcm_hw_params_test_channels(pcm, parameters, $0) == 0
                })
            else {
                var (least, most) = (UInt32(0), UInt32(0))
                snd_pcm_hw_params_get_channels_min(parameters, &least)
                snd_pcm_hw_params_get_channels_max(parameters, &most)
                throw mismatch(
                    "does not have \(requested.map(String.init) ?? "\(least) to 64") channels",
                    [least == most ? "\(least)" : "\(least) to \(most)"],
                    "snd_pcm_hw_params_test_channels")
            }
            try alsa(name, "rejects \(channels) channels", "snd_pcm_hw_params_set_channels") {
                snd_pcm_hw_params_set_channels(pcm, parameters, channels)
            }
            return Int(channels)
        }

        func chooseRate(_ requested: Int?) throws(CaptureError) {
            let candidates = requested.map { [UInt32($0)] } ?? ALSASetup.preferredRates
            if let rate = candidates.first(where: { snd_pcm_hw_params_test_rate(pcm, parameters, $0, 0) == 0 }) {
                try alsa(name, "rejects \(rate) Hz", "snd_pcm_hw_params_set_rate") {
                    snd_pcm_hw_params_set_rate(pcm, parameters, rate, 0)
                }
                return
            }
            var rate = ALSASetup.preferredRates[0]
            if requested == nil, snd_pcm_hw_params_set_rate_near(pcm, parameters, &rate, nil) == 0,
                RequestedFormat.rates.contains(Int(rate))
            {
                return
            }
            var (least, most) = (UInt32(0), UInt32(0))
            snd_pcm_hw_params_get_rate_min(parameters, &least, nil)
            snd_pcm_hw_params_get_rate_max(parameters, &most, nil)
            throw mismatch(
                "does not have \(requested.map(String.init) ?? "8000 to 192000") Hz",
                [least == most ? "\(least) Hz" : "\(least) to \(most) Hz"],
                "snd_pcm_hw_params_test_rate")
        }

        private func mismatch(_ what: String, _ offered: [String], _ call: String) -> CaptureError {
            let offer = offered.isEmpty ? "" : ", only \(offered.joined(separator: ", "))"
            return CaptureError(
                .formatMismatch,
                "ALSA's \(name) \(what)\(offer); change the URI's options, or let ALSA convert: plug:\(name)",
                call: call)
        }
    }
}
