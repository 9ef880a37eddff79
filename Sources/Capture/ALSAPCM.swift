// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CALSA
import Glibc

/// An open ALSA capture device, in non-blocking mode; closed when it goes out of scope.
struct ALSAPCM: ~Copyable {
    let handle: OpaquePointer
    let setup: ALSASetup
    /// The display name of what was really opened: the PCM's name, and the card's if it has one.
    let device: String

    /// Opens, negotiates and starts.
    ///
    /// - Parameter piece: the seconds of audio that the device is to deliver at once, within its limits.
    init(name: String, requested: RequestedFormat, use: ChannelSelection?, piece: Double) throws(CaptureError) {
        var opened: OpaquePointer?
        try alsa(name, "cannot be opened", "snd_pcm_open") {
            snd_pcm_open(&opened, name, SND_PCM_STREAM_CAPTURE, SND_PCM_NONBLOCK)
        }
        guard let handle = opened else {
            throw CaptureError(.cannotOpen, "ALSA's \(name) cannot be opened", call: "snd_pcm_open")
        }
        let setup: ALSASetup
        do throws(CaptureError) {
            setup = try ALSASetup.negotiate(handle, name: name, requested: requested, use: use, piece: piece)
            try alsa(name, "cannot be started", "snd_pcm_start") { snd_pcm_start(handle) }
        } catch {
            snd_pcm_close(handle)
            throw error
        }
        self.handle = handle
        self.setup = setup
        device = Self.cardName(handle).map { "\(name) (\($0))" } ?? name
    }

    deinit {
        snd_pcm_close(handle)
    }

    private static func cardName(_ handle: OpaquePointer) -> String? {
        var info: OpaquePointer?
        guard snd_pcm_info_malloc(&info) == 0 else { return nil }
        defer { snd_pcm_info_free(info) }
        // A plugin has no card of its own.
        guard snd_pcm_info(handle, info) == 0, case let card = snd_pcm_info_get_card(info), card >= 0 else {
            return nil
        }
        var name: UnsafeMutablePointer<CChar>?
        guard snd_card_get_name(card, &name) == 0, let name else { return nil }
        defer { free(name) }
        return String(cString: name)
    }
}
