// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CLateLibraries
import CSoxr

/// Resamples one stream by libsoxr (https://sourceforge.net/projects/soxr/).
///
/// Calls take at most `Resampler.block` samples. That also bounds what soxr allocates, which it does only in the first
/// few calls.
final class SoxrResampler {
    private let handle: soxr_t
    private let outputCapacity: Int
    private let workspace: Workspace

    init(inputRate: Int, outputRate: Int, workspace: Workspace) throws(StreamingError) {
        if let reason = load_libsoxr() {
            throw StreamingError(
                .libraryFailed,
                "libsoxr, which resamples from \(inputRate) Hz, cannot be loaded: \(String(cString: reason)); install it "
                    + "(Debian: libsoxr0)", call: "dlopen")
        }
        var error: soxr_error_t?
        var format = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I)
        var quality = soxr_quality_spec(UInt(SOXR_HQ), UInt(SOXR_ROLLOFF_NONE))
        quality.passband_end = Resampler.passBandEnd
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
        outputCapacity = min(Resampler.block * outputRate / inputRate + 64, Resampler.mostProduced)
        self.workspace = workspace
    }

    deinit { soxr_delete(handle) }

    func process(_ input: Span<Float>, _ consume: (Span<Float>) -> Void) {
        let output = workspace.resampled.pointer
        var offset = 0
        while offset < input.count {
            var used = 0
            var produced = 0
            let error = input.withUnsafeBufferPointer {
                soxr_process(
                    handle, $0.baseAddress! + offset, $0.count - offset, &used, output, outputCapacity, &produced)
            }
            // soxr's errors here concern only its own state. They end the stream's output, never the process.
            guard error == nil, used > 0 || produced > 0 else { return }
            offset += used
            consume(UnsafeBufferPointer(start: output, count: produced).span)
        }
    }

    func finish(_ consume: (Span<Float>) -> Void) {
        let output = workspace.resampled.pointer
        while true {
            var produced = 0
            guard soxr_process(handle, nil, 0, nil, output, outputCapacity, &produced) == nil, produced > 0
            else { return }
            consume(UnsafeBufferPointer(start: output, count: produced).span)
        }
    }

    func reset() {
        soxr_clear(handle)
    }
}
