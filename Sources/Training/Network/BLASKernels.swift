// SPDX-License-Identifier: GPL-3.0-or-later

import COpenBLAS
import Foundation

/// Which of its kernels OpenBLAS uses.
package enum BLASKernels {
    /// The value of OPENBLAS_CORETYPE with which OpenBLAS would use the widest registers of this processor; nil if it does
    /// already, or the user has chosen.
    ///
    /// OpenBLAS knows processors by their model numbers, and takes kernels of 2004 for a model that is newer than its release
    /// (Debian 12's does so for Intel's of 2023): training is then 3 times slower.
    package static var better: String? {
        guard getenv("OPENBLAS_CORETYPE") == nil,
            ["prescott", "core2", "nehalem", "generic"].contains(
                String(cString: openblas_get_corename()).lowercased())
        else { return nil }
        return better(flags: (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "")
    }

    /// - Parameter flags: what /proc/cpuinfo holds.
    static func better(flags: String) -> String? {
        let line = flags.split(separator: "\n").first { $0.hasPrefix("flags") }
        let flags = Set((line ?? "").split(whereSeparator: { $0 == " " || $0 == "\t" }))
        if flags.isSuperset(of: ["avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512cd"]) { return "SKYLAKEX" }
        return flags.isSuperset(of: ["avx2", "fma"]) ? "HASWELL" : nil
    }
}
