// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The two FIFOs that a station writes and genred reads.
struct StationPlace: Sendable, Equatable {
    /// The folder that the service genred-station@NAME uses.
    static let usualFolder = "/run/genred/stations"

    var name: String
    var folder = Self.usualFolder

    /// Audio, with a WAV header.
    var audio: String { "\(folder)/\(name).wav" }
    /// One JSON object a line (`StationNote`).
    var notes: String { "\(folder)/\(name).notes" }

    private var isUsual: Bool { folder == Self.usualFolder }

    /// Said while there is no FIFO for the audio.
    var missing: String {
        isUsual
            ? """
            no genred-station@\(name) yet (is it enabled? systemctl enable --now genred-station@\(name))
            """
            : "no \(printable(audio)) yet (genred-station makes it: is it running?)"
    }

    /// Said while nobody writes audio.
    var quiet: String {
        isUsual
            ? "no audio from genred-station@\(name) (systemctl status genred-station@\(name) says what it does)"
            : "nobody writes to \(printable(audio)) (is genred-station running?)"
    }
}
