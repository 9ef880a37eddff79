// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// A file descriptor with one owner, which closes it exactly once: a second close would hit whatever has that number by
/// then.
///
/// Why not a deinit of the class that opens it: that runs for an object whose initialiser throws if every property was
/// set before, and does not if one was not. One of the two paths is easily forgotten.
package struct OwnedDescriptor: ~Copyable, Sendable {
    /// Negative if it could not be opened.
    package let number: Int32

    /// Takes over what a system call returned, a failure too.
    package init(_ number: Int32) { self.number = number }

    package var isOpen: Bool { number >= 0 }

    deinit { if number >= 0 { close(number) } }
}
