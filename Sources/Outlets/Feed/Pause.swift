// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// Waits, unless a signal comes.
func pause(_ duration: Duration) {
    let milliseconds = duration / .milliseconds(1)
    if milliseconds > 0 { _ = poll(nil, 0, Int32(min(milliseconds.rounded(.up), 1e9))) }
}
