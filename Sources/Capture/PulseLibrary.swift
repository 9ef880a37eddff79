// SPDX-License-Identifier: GPL-3.0-or-later

import CLateLibraries

/// PulseAudio's client library, which a machine without sound server need not have.
package enum PulseLibrary {
    /// Loads it. Throws `cannotOpen` if that is impossible.
    static func load() throws(CaptureError) {
        guard let reason = load_libpulse() else { return }
        throw CaptureError(
            .cannotOpen,
            "PulseAudio's client library cannot be loaded: \(String(cString: reason)); install it (Debian: libpulse0)",
            call: "dlopen")
    }

    /// Whether it can be loaded. Loads it.
    package static var isInstalled: Bool { load_libpulse() == nil }
}
