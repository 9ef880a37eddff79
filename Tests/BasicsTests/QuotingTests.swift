// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Testing

struct QuotingTests {
    @Test func `control and formatting characters are replaced`() {
        #expect(quoted("a\nb\u{1B}[31mc\u{2028}d\u{202E}e") == "\"a\u{FFFD}b\u{FFFD}[31mc\u{FFFD}d\u{FFFD}e\"")
    }

    @Test func `only text over 200 characters is cut`() {
        let longest = String(repeating: "x", count: 200)
        #expect(quoted(longest) == "\"\(longest)\"")
        #expect(quoted(longest + "y") == "\"\(longest)…\"")
    }
}
