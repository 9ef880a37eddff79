// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// The C library's message for an error number, as `strerror` gives it.
package func systemMessage(_ errno: Int32) -> String {
    String(cString: strerror(errno))
}
