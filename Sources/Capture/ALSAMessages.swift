// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CALSA
import Glibc
import Synchronization

/// What libasound says of a failing call: instead of writing it to standard error, it is collected for the
/// `CaptureError`.
enum ALSAMessages {
    private final class Log: Sendable {
        /// The first message is the cause; those behind it only say who passed it on.
        let first = Mutex<String?>(nil)
    }

    @TaskLocal private static var log: Log?

    /// Silences libasound on the calling thread, outside of `collect`, too.
    static func silence() {
        _ = snd_lib_error_set_local { _, _, _, _, format, arguments in
            guard let format, let arguments, let log = ALSAMessages.log else { return }
            var text = [CChar](repeating: 0, count: 256)
            vsnprintf(&text, text.count, format, arguments)
            let words = text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
                .split(whereSeparator: \.isWhitespace).joined(separator: " ")
            log.first.withLock { if $0 == nil, !words.isEmpty { $0 = words } }
        }
    }

    /// Runs `body` and returns what libasound said meanwhile on this thread, if anything.
    static func collect(_ body: () -> CInt) -> (code: CInt, words: String?) {
        let log = Log()
        let code = $log.withValue(log, operation: body)
        return (code, log.first.withLock { $0 })
    }
}

/// Calls libasound and throws what went wrong, in words.
///
/// - Parameters:
///   - name: the PCM.
///   - doing: what fails if it fails, as in `cannot be opened`.
func alsa(
    _ name: String, _ doing: String, _ call: String, _ code: CaptureError.Code = .cannotOpen, _ body: () -> CInt
) throws(CaptureError) {
    let (result, words) = ALSAMessages.collect(body)
    if result < 0 { throw alsaError(name, doing, call, code, result, words) }
}

/// - Parameter result: libasound's, a negative errno.
func alsaError(
    _ name: String, _ doing: String, _ call: String, _ code: CaptureError.Code, _ result: CInt, _ words: String? = nil
) -> CaptureError {
    let reason = String(cString: snd_strerror(result)) + (words.map { ": \($0)" } ?? "")
    let hint =
        switch -result {
        case ENOENT, ENODEV, ENXIO: code == .cannotOpen ? "; arecord -L lists what there is" : ""
        case EBUSY: "; another program has it open: end that, or share it through dsnoop or a sound server"
        case EACCES, EPERM: "; this user may not: add it to the group audio"
        default: ""
        }
    return CaptureError(code, "ALSA's \(name) \(doing): \(reason)\(hint)", call: call, errno: -result)
}
