// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Softmax of logits over a temperature, in place. Of logits that are no numbers, which weights near the largest numbers
/// there are can give, all come out alike.
package func softmax(_ logits: UnsafeMutableBufferPointer<Float>, temperature: Float = 1) {
    let largest = logits.max() ?? 0
    var sum: Float = 0
    for index in logits.indices {
        logits[index] = exp((logits[index] - largest) / temperature)
        sum += logits[index]
    }
    for index in logits.indices { logits[index] = sum.isFinite ? logits[index] / sum : 1 / Float(logits.count) }
}
