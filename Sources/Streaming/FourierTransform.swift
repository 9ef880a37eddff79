// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CFFTW
import CKernels
import Foundation
import Synchronization

/// The real FFT of one even length, or its inverse, in single precision. All streams share one plan per length.
///
/// FFTW transforms half as many complex numbers, and `CKernels` turns their spectrum into that of the real numbers, and back:
/// FFTW's own transforms of real numbers hardly use vector instructions.
final class FourierTransform: @unchecked Sendable {
    // Safe to share: the plan never changes after init, and FFTW's new-array execution is thread-safe. Destroying a
    // plan is not, but the plans that `ofLength` keeps live as long as the process.
    private let plan: fftwf_plan
    /// Complex numbers: half of the length.
    private let half: Int
    /// [half + 1]: the unit circle's upper half.
    private let cosines: [Float]
    private let sines: [Float]

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
        precondition(kind.length % 2 == 0, "an odd length has no halves")
        half = kind.length / 2
        let angles = (0...half).map { Double.pi * Double($0) / Double(kind.length) * 2 }
        (cosines, sines) = (angles.map { Float(cos($0)) }, angles.map { Float(sin($0)) })
        // As aligned as every buffer that the plan is executed on.
        let samples = OwnedBuffer<fftwf_complex>(repeating: (0, 0), count: half)
        let halves = OwnedBuffer<fftwf_complex>(repeating: (0, 0), count: half)
        // Estimated, not measured: every run gets the same plan, and so the same bits.
        let plan = fftwf_plan_dft_1d(
            Int32(half), samples.pointer, halves.pointer,
            kind.direction == .forward ? FFTW_FORWARD : FFTW_BACKWARD, FFTW_ESTIMATE)
        guard let plan else { return nil }
        self.plan = plan
    }

    deinit { fftwf_destroy_plan(plan) }

    /// Transforms `length` samples into the first `bins` bins, at most `length / 2 + 1`.
    func execute(_ samples: borrowing OwnedBuffer<Float>, bins: Int, into spectrum: Spectrum) {
        precondition(samples.count >= 2 * half && bins <= half + 1 && spectrum.holds(half), "not of this length")
        let halves = spectrum.halves.pointer
        // fftwf_complex is float[2].
        samples.pointer.withMemoryRebound(to: fftwf_complex.self, capacity: half) {
            fftwf_execute_dft(plan, $0, halves)
        }
        halves.withMemoryRebound(to: Float.self, capacity: 2 * half) {
            genred_spectrum_of_halves(
                $0, half, cosines, sines, bins, spectrum.real.pointer, spectrum.imaginary.pointer)
        }
    }

    /// Transforms `length / 2 + 1` bins into `length` samples.
    func execute(_ spectrum: Spectrum, into samples: borrowing OwnedBuffer<Float>) {
        precondition(samples.count >= 2 * half && spectrum.holds(half), "not of this length")
        let halves = spectrum.halves.pointer
        halves.withMemoryRebound(to: Float.self, capacity: 2 * half) {
            genred_halves_of_spectrum(
                spectrum.real.pointer, spectrum.imaginary.pointer, half, cosines, sines, $0)
        }
        samples.pointer.withMemoryRebound(to: fftwf_complex.self, capacity: half) {
            fftwf_execute_dft(plan, halves, $0)
        }
    }
}

/// A spectrum of real samples, and what its transform needs meanwhile.
final class Spectrum {
    /// [bins].
    let real: OwnedBuffer<Float>
    let imaginary: OwnedBuffer<Float>
    fileprivate let halves: OwnedBuffer<fftwf_complex>

    /// - Parameter samples: the most samples of a transform.
    init(samples: Int) {
        real = OwnedBuffer(repeating: 0, count: samples / 2 + 1)
        imaginary = OwnedBuffer(repeating: 0, count: samples / 2 + 1)
        halves = OwnedBuffer(repeating: (0, 0), count: samples / 2)
    }

    fileprivate func holds(_ half: Int) -> Bool { halves.count >= half && real.count > half }
}
