// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

extension LogMel {
    /// These frames with speech over them, which is repeated if it is shorter.
    ///
    /// The powers of both are added, as if nothing in them were in phase.
    ///
    /// - Parameter lead: how much louder the speech is, dB (EBU R 128, as far as log-mel shows it); negative if it is quieter.
    package func mixed(withSpeech speech: LogMel, lead: Float) -> LogMel {
        guard speech.frames > 0 else { return self }
        let gain = Double(lead + Loudness.of(self) - Loudness.of(speech))
        var result = self
        for index in result.values.indices {
            let own = pow(10, Double(values[index]) / 10)
            let other = pow(10, (Double(speech.values[index % speech.values.count]) + gain) / 10)
            result.values[index] = Float(10 * log10(own + other))
        }
        return result
    }

    /// The first frames, at most `frames`.
    package func prefix(_ frames: Int) -> LogMel {
        LogMel(values: Array(values.prefix(frames * bands)))
    }
}
