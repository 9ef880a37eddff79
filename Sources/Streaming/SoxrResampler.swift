// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CSoxr

/// One stream resampled by libsoxr.
///
/// It is fed in blocks of at most `Resampler.block` samples, whose size also bounds what soxr ever allocates, which it
/// does in the first few calls only.
final class SoxrResampler {
    private let handle: soxr_t
    private let outputCapacity: Int
    private let workspace: Workspace

    init(inputRate: Int, outputRate: Int, workspace: Workspace) throws(StreamingError) {
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

    func process(_ input: UnsafeBufferPointer<Float>, _ consume: (UnsafeBufferPointer<Float>) -> Void) {
        guard let start = input.baseAddress else { return }
        var offset = 0
        while offset < input.count {
            var used = 0
            var produced = 0
            // soxr's errors here are of its own state only, and end the stream's output, never the process.
            guard
                soxr_process(
                    handle, start + offset, input.count - offset, &used, workspace.resampled, outputCapacity,
                    &produced) == nil, used > 0 || produced > 0
            else { return }
            offset += used
            consume(UnsafeBufferPointer(start: workspace.resampled, count: produced))
        }
    }

    func finish(_ consume: (UnsafeBufferPointer<Float>) -> Void) {
        while true {
            var produced = 0
            guard
                soxr_process(handle, nil, 0, nil, workspace.resampled, outputCapacity, &produced) == nil,
                produced > 0
            else { return }
            consume(UnsafeBufferPointer(start: workspace.resampled, count: produced))
        }
    }

    func reset() {
        soxr_clear(handle)
    }
}
