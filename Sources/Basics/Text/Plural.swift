// SPDX-License-Identifier: GPL-3.0-or-later

/// A number and its noun: `1 track`, `2 tracks`.
package func plural(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
