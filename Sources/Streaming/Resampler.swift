import CSoxr

/// Brings a mono stream to another rate, with libsoxr; a stream that has the rate already passes untouched.
///
/// What comes out does not depend on how the input is cut: it is fed in blocks of at most `block` samples, whose
/// size also bounds what soxr ever allocates, which it does in the first few calls only.
public final class Resampler {
    /// The most samples that it is fed at once.
    public static let block = 1024

    private let handle: soxr_t?
    private let output: UnsafeMutablePointer<Float>
    private let outputCapacity: Int

    /// - Parameter inputRate: Hz, 8 000 to 192 000.
    public init(inputRate: Int, outputRate: Int) throws(StreamingError) {
        guard (8_000...192_000).contains(inputRate) else {
            throw StreamingError(.unsupportedRate, "a sample rate of \(inputRate) Hz; 8000 to 192000 are possible")
        }
        outputCapacity = Self.block * outputRate / inputRate + 64
        if inputRate == outputRate {
            handle = nil
            output = .allocate(capacity: 1)
            return
        }
        var error: soxr_error_t?
        var format = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I)
        // Steep: flat to within 5 % of the lower Nyquist frequency, so that the top bands keep their level.
        var quality = soxr_quality_spec(UInt(SOXR_HQ), UInt(SOXR_ROLLOFF_NONE))
        quality.passband_end = 0.955
        quality.stopband_begin = 1.0
        var runtime = soxr_runtime_spec(1)
        guard
            let created = soxr_create(
                Double(inputRate), Double(outputRate), 1, &error, &format, &quality, &runtime)
        else {
            let reason = error.map { String(cString: $0) } ?? "unknown reason"
            throw StreamingError(.libraryFailed, "cannot resample from \(inputRate) Hz: \(reason)", call: "soxr_create")
        }
        handle = created
        output = .allocate(capacity: outputCapacity)
        output.initialize(repeating: 0, count: outputCapacity)
    }

    deinit {
        soxr_delete(handle)
        output.deallocate()
    }

    /// Hands what `input` (at most `block` samples) completes to `consume`.
    public func process(_ input: UnsafeBufferPointer<Float>, _ consume: (UnsafeBufferPointer<Float>) -> Void) {
        guard let handle else { return consume(input) }
        var offset = 0
        while offset < input.count {
            var used = 0
            var produced = 0
            // soxr's errors here are of its own state only, and end the stream's output, never the process.
            guard
                soxr_process(
                    handle, input.baseAddress! + offset, input.count - offset, &used, output, outputCapacity, &produced)
                    == nil, used > 0 || produced > 0
            else { return }
            offset += used
            consume(UnsafeBufferPointer(start: output, count: produced))
        }
    }

    /// Hands on what is still inside, at a stream's end.
    public func finish(_ consume: (UnsafeBufferPointer<Float>) -> Void) {
        guard let handle else { return }
        while true {
            var produced = 0
            guard soxr_process(handle, nil, 0, nil, output, outputCapacity, &produced) == nil, produced > 0 else {
                return
            }
            consume(UnsafeBufferPointer(start: output, count: produced))
        }
    }

    /// Forgets the stream.
    public func reset() {
        soxr_clear(handle)
    }
}
