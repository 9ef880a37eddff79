// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CFFTW
import Synchronization

/// The real FFT of one length, or its inverse, by FFTW in single precision. All streams share one plan per length.
final class FourierTransform: @unchecked Sendable {
    // Safe to share: the plan never changes after init, and FFTW's new-array execution is thread-safe. Destroying a
    // plan is not, but the plans that `ofLength` keeps live as long as the process.
    private let plan: fftwf_plan

    enum Direction {
        /// Samples to spectrum.
        case forward
        /// Spectrum to samples, scaled by `length`.
        case inverse
    }

    private struct Kind: Hashable {
        var length: Int
        var direction: Direction
    }

    /// The lock also serves FFTW's planner, the one part of FFTW that is not thread-safe.
    private static let shared = Mutex<[Kind: FourierTransform]>([:])

    /// Returns the shared transform of a length.
    ///
    /// - Throws: `libraryFailed` if FFTW makes no plan.
    static func ofLength(_ length: Int, _ direction: Direction = .forward) throws(StreamingError) -> FourierTransform {
        let kind = Kind(length: length, direction: direction)
        let transform = shared.withLock { plans -> FourierTransform? in
            if let known = plans[kind] { return known }
            let made = FourierTransform(kind)
            plans[kind] = made
            return made
        }
        guard let transform else {
            throw StreamingError(.libraryFailed, "FFTW has no plan for an FFT of \(length)", call: "fftwf_plan_dft")
        }
        return transform
    }

    private init?(_ kind: Kind) {
        // As aligned as every buffer that the plan is executed on.
        let real = OwnedBuffer<Float>(repeating: 0, count: kind.length)
        let complex = OwnedBuffer<fftwf_complex>(repeating: (0, 0), count: kind.length / 2 + 1)
        // Estimated, not measured: every run gets the same plan, and so the same bits.
        let plan =
            switch kind.direction {
            case .forward:
                fftwf_plan_dft_r2c_1d(Int32(kind.length), real.pointer, complex.pointer, FFTW_ESTIMATE)
            case .inverse:
                fftwf_plan_dft_c2r_1d(Int32(kind.length), complex.pointer, real.pointer, FFTW_ESTIMATE)
            }
        guard let plan else { return nil }
        self.plan = plan
    }

    deinit { fftwf_destroy_plan(plan) }

    /// Transforms `length` samples into `length / 2 + 1` bins of `spectrum`. `samples` may be overwritten.
    func execute(_ samples: borrowing OwnedBuffer<Float>, into spectrum: borrowing OwnedBuffer<fftwf_complex>) {
        fftwf_execute_dft_r2c(plan, samples.pointer, spectrum.pointer)
    }

    /// Transforms `length / 2 + 1` bins into `length` samples. `spectrum` is overwritten.
    func execute(_ spectrum: borrowing OwnedBuffer<fftwf_complex>, into samples: borrowing OwnedBuffer<Float>) {
        fftwf_execute_dft_c2r(plan, spectrum.pointer, samples.pointer)
    }
}
