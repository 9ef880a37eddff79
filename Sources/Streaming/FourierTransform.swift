// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CFFTW
import Synchronization

/// The real FFT of one length, or its inverse, by FFTW in single precision. The plan is made once for all streams.
final class FourierTransform: @unchecked Sendable {
    // Safe to share: the plan is never changed after init, and FFTW's new-array execution is thread-safe. To destroy one is
    // not, but those that `ofLength` keeps live as long as the process.
    private let plan: fftwf_plan

    enum Direction {
        /// Samples to spectrum.
        case forward
        /// Spectrum to samples, `length` times what they were.
        case inverse
    }

    private struct Kind: Hashable {
        var length: Int
        var direction: Direction
    }

    /// FFTW's planner is the one part of it that is not thread-safe.
    private static let shared = Mutex<[Kind: FourierTransform]>([:])

    static func ofLength(_ length: Int, _ direction: Direction = .forward) throws(StreamingError) -> FourierTransform {
        let kind = Kind(length: length, direction: direction)
        let transform = shared.withLock { plans -> FourierTransform? in
            if let known = plans[kind] { return known }
            let made = FourierTransform(kind)
            plans[kind] = made
            return made
        }
        guard let transform else {
            throw StreamingError(.libraryFailed, "no plan for an FFT of \(length)", call: "fftwf_plan_dft")
        }
        return transform
    }

    private init?(_ kind: Kind) {
        let real = Self.allocateReal(kind.length)
        let complex = Self.allocateComplex(kind.length / 2 + 1)
        defer {
            fftwf_free(real)
            fftwf_free(complex)
        }
        // Estimated, not measured: the same plan in every run gives the same bits in every run.
        let plan =
            switch kind.direction {
            case .forward: fftwf_plan_dft_r2c_1d(Int32(kind.length), real, complex, FFTW_ESTIMATE)
            case .inverse: fftwf_plan_dft_c2r_1d(Int32(kind.length), complex, real, FFTW_ESTIMATE)
            }
        guard let plan else { return nil }
        self.plan = plan
    }

    deinit { fftwf_destroy_plan(plan) }

    /// Memory with the alignment that the plan assumes; to be freed with `free`.
    static func allocateReal(_ count: Int) -> UnsafeMutablePointer<Float> {
        fftwf_alloc_real(count)
    }

    static func allocateComplex(_ count: Int) -> UnsafeMutablePointer<fftwf_complex> {
        fftwf_alloc_complex(count)
    }

    static func free(_ pointer: UnsafeMutableRawPointer) { fftwf_free(pointer) }

    /// Forward: transforms `samples` into `spectrum`; both from the allocators above.
    func execute(_ samples: UnsafeMutablePointer<Float>, _ spectrum: UnsafeMutablePointer<fftwf_complex>) {
        fftwf_execute_dft_r2c(plan, samples, spectrum)
    }

    /// Inverse: transforms `spectrum` (destroyed) into `samples`; both from the allocators above.
    func execute(_ spectrum: UnsafeMutablePointer<fftwf_complex>, _ samples: UnsafeMutablePointer<Float>) {
        fftwf_execute_dft_c2r(plan, spectrum, samples)
    }
}
