// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Testing

struct BackoffTests {
    @Test func `waits double up to the most, give or take a fifth, and begin anew after a success`() {
        var backoff = Backoff(least: 1, most: 120, spread: 0.2)
        for expected in [1.0, 2, 4, 8, 16, 32, 64, 120, 120] {
            let wait = backoff.next()
            #expect((0.8 * expected...1.2 * expected).contains(wait))
        }
        backoff.reset()
        #expect(backoff.next() <= 1.2)
    }
}
