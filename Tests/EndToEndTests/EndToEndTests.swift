// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

/// The real programs on real devices, servers and files. The tests run one after the other: each depends on real time,
/// and two at once would disturb each other.
@Suite(.serialized) enum EndToEndTests {}
