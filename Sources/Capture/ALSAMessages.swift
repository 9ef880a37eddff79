// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CALSA
import Glibc
import Synchronization

/// libasound's messages about a failing call, collected for the `CaptureError` instead of written to standard error.
enum ALSAMessages {
    private final class Log: Sendable {
        /// The first message is the cause; those after it only name the functions that passed it on.
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

    /// Runs `body` and returns libasound's message from this thread, if there was one.
    static func collect(_ body: () -> CInt) -> (code: CInt, words: String?) {
        let log = Log()
        let code = $log.withValue(log, operation: body)
        return (code, log.first.withLock { $0 })
    }
}

/// Calls libasound, and throws a described error if the call fails.
///
/// - Parameters:
///   - name: the PCM.
///   - doing: the failure in words, as in `cannot be opened`.
func alsa(
    _ name: String, _ doing: String, _ call: String, _ code: CaptureError.Code = .cannotOpen, _ body: () -> CInt
) throws(CaptureError) {
    let (result, words) = ALSAMessages.collect(body)
    if result < 0 { throw alsaError(name, doing, call, code, result, words) }
}

/// Describes a failed call.
///
/// - Parameter result: libasound's result, a negative errno.
func alsaError(
    _ name: String, _ doing: String, _ call: String, _ code: CaptureError.Code, _ result: CInt, _ words: String? = nil
) -> CaptureError {
    let reason = String(cString: snd_strerror(result)) + (words.map { ": \($0)" } ?? "")
    let hint =
        switch -result {
        case ENOENT, ENODEV, ENXIO: code == .cannotOpen ? "; arecord -L lists the PCMs" : ""
        case EBUSY: "; another program uses it: stop that program, or share the device through dsnoop or a sound server"
        case EACCES, EPERM: "; this user has no permission: add it to the group audio"
        default: ""
        }
    return CaptureError(code, "ALSA's \(name) \(doing): \(reason)\(hint)", call: call, errno: -result)
}
