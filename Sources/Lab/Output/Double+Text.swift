// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

extension Double {
    /// The number with this many digits after the decimal point.
    func digits(_ count: Int) -> String { String(format: "%.\(count)f", self) }

    /// The number as a percentage with one digit.
    var percent: String { String(format: "%.1f %%", self * 100) }
}
