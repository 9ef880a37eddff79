// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// Names the calling thread, as `top -H` and debuggers show it; cut to the 15 bytes that Linux keeps.
///
/// Swift does not see pthread_setname_np, a GNU extension, which writes to this file too. Foundation's `Thread.name`
/// loses the name if the thread runs before Foundation has registered it.
package func nameCurrentThread(_ name: String) {
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    let title = Array(name.utf8.prefix(15))
    _ = write(file, title, title.count)
    close(file)
}
