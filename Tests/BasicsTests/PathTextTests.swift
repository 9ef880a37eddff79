// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Testing

struct PathTextTests {
    @Test func `any bytes come back unchanged`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                UInt8.random(in: 1...255, using: &random)
            }
            #expect(PathText.bytes(PathText.text(bytes)) == bytes)
        }
        for text in ["Küche", "a\u{301}", "日本", "\u{10FFFD}\u{10FF80}", ""] {
            #expect(PathText.bytes(PathText.text(Array(text.utf8))) == Array(text.utf8))
        }
        #expect(PathText.text(Array("Küche".utf8)) == "Küche")
    }

    @Test func `bytes that are no UTF-8 are shown, replaced in JSON, and written as in a URI`() {
        let name = PathText.text(Array("M".utf8) + [0xF6] + Array("tl%y?".utf8))
        #expect(printable(name) == "M\\xF6tl%y?")
        #expect(PathText.replaced(name) == "M\u{FFFD}tl%y?")
        #expect(PathText.percentEncoded(name, also: "?") == "M%F6tl%25y%3F")
        #expect(!PathText.isText(name) && PathText.isText("Möt"))
    }
}
