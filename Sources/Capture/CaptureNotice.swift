// SPDX-License-Identifier: GPL-3.0-or-later

/// Something odd about an open stream, which goes on.
package enum CaptureNotice: Sendable, Equatable {
    /// How channels become one has changed: they cancel each other, or no longer.
    case channels(ChannelNotice)
    /// Parts of the file were not heard. Reported once, at the end of the file.
    case losses(FileLosses)
}
