// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Replaces logits by softmax(logits / temperature). If a logit is NaN or infinite, which extreme weights can cause,
/// all results are equal.
package func softmax(_ logits: UnsafeMutableBufferPointer<Float>, temperature: Float = 1) {
    let largest = logits.max() ?? 0
    var sum: Float = 0
    for index in logits.indices {
        logits[index] = exp((logits[index] - largest) / temperature)
        sum += logits[index]
    }
    for index in logits.indices { logits[index] = sum.isFinite ? logits[index] / sum : 1 / Float(logits.count) }
}
