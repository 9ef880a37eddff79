// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

/// The real programs on real devices, servers and files. One test after the other: each keeps real time, and two at
/// once would measure each other.
@Suite(.serialized) enum EndToEndTests {}
