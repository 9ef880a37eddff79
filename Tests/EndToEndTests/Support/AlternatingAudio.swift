// SPDX-License-Identifier: GPL-3.0-or-later

import TestSupport

extension TemporaryFolder {
    /// Makes `set.wav`: noise, then silence, so that played in a loop it has at least two labels, which alternate as fast
    /// as the machine can analyse.
    ///
    /// - Parameters: seconds of each.
    func makeAlternatingAudio(noise: Int = 9, silence: Int = 6) throws {
        let sox = Programs.find("sox") ?? "sox"
        let format = ["-n", "-r", "22050", "-c", "1", "-b", "16"]
        try Programs.run(sox, format + [file("n.wav"), "synth", "\(noise)", "pinknoise", "gain", "-20"])
        try Programs.run(sox, format + [file("s.wav"), "synth", "\(silence)", "sine", "0", "gain", "-90"])
        try Programs.run(sox, [file("n.wav"), file("s.wav"), file("set.wav")])
    }
}
