// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Training

/// Sees to it that OpenBLAS computes as fast as the processor can.
enum FastKernels {
    /// Starts this program anew if OpenBLAS has chosen slow kernels: it chooses when it is loaded, and never again.
    static func use() {
        guard let better = BLASKernels.better,
            let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        else { return }
        setenv("OPENBLAS_CORETYPE", better, 1)
        // If this fails, training is slow, and nothing is lost.
        execv(program, CommandLine.unsafeArgv)
    }
}
