import CFFTW
import Synchronization

/// The real FFT of one length, by FFTW in single precision. The plan is made once for all streams.
final class FourierTransform: @unchecked Sendable {
    // Safe to share: the plan is never changed after init, and FFTW's new-array execution is thread-safe.
    private let plan: fftwf_plan
    let length: Int

    /// FFTW's planner is the one part of it that is not thread-safe.
    private static let shared = Mutex<[Int: FourierTransform]>([:])

    static func ofLength(_ length: Int) throws(StreamingError) -> FourierTransform {
        let transform = shared.withLock { plans -> FourierTransform? in
            if let known = plans[length] { return known }
            let made = FourierTransform(length: length)
            plans[length] = made
            return made
        }
        guard let transform else {
            throw StreamingError(.libraryFailed, "no plan for an FFT of \(length)", call: "fftwf_plan_dft_r2c_1d")
        }
        return transform
    }

    private init?(length: Int) {
        let input = Self.allocateReal(length)
        let output = Self.allocateComplex(length / 2 + 1)
        defer {
            fftwf_free(input)
            fftwf_free(output)
        }
        // Estimated, not measured: the same plan in every run gives the same bits in every run.
        guard let plan = fftwf_plan_dft_r2c_1d(Int32(length), input, output, FFTW_ESTIMATE | FFTW_DESTROY_INPUT)
        else { return nil }
        self.plan = plan
        self.length = length
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

    /// Transforms `input` (destroyed) into `output`; both from the allocators above.
    func execute(_ input: UnsafeMutablePointer<Float>, _ output: UnsafeMutablePointer<fftwf_complex>) {
        fftwf_execute_dft_r2c(plan, input, output)
    }
}
