// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

@testable import Basics

struct TitleTests {
    @Test(arguments: [
        ("Miles Davis – So What", "Miles Davis – So What"),
        ("  Ólafur\tArnalds \r\n  Near Light\u{2028}", "Ólafur Arnalds Near Light"),
        ("a\u{0}b\u{1B}[31mc\u{7F}\u{9B}", "ab[31mc"),
        ("safe \u{202E}gpj.exe\u{2066}!\u{200B}\u{FEFF}\u{AD}", "safe gpj.exe!"),
        ("\u{3000}東京\u{A0}\u{A0}ブギウギ", "東京 ブギウギ"),
        ("Sigur Rós 🏳️‍🌈 e\u{301}", "Sigur Rós 🏳🌈 e\u{301}"),
        (#"say "hi" \ </script>"#, #"say "hi" \ </script>"#),
        ("\u{E0041}\u{FE0F}x\u{3164}\u{FFFF}", "x"),
    ])
    func `a title keeps what can be seen`(text: String, title: String) {
        #expect(Title.clean(text) == title)
    }

    @Test(arguments: ["", " ", "\n\r\t", "\u{200B}\u{202E}", "\u{0}", " \u{2029} \u{115F}"])
    func `a title of which nothing can be seen is none`(text: String) { #expect(Title.clean(text) == nil) }

    @Test func `a title is cut between characters, whatever they are made of`() {
        #expect(Title.clean(String(repeating: "é", count: 300)) == String(repeating: "é", count: 200))
        #expect(Title.clean(String(repeating: "🇩🇪", count: 300))?.count == 125, "8 bytes each")
        #expect(Title.clean("ab" + String(repeating: "\u{301}", count: 5000)) == "a")
        #expect(Title.clean(String(repeating: "x", count: 199) + " yz") == String(repeating: "x", count: 199))
    }

    @Test func `whatever the text, a title is short, on one line, visible, and clean already`() {
        var random = SystemRandomNumberGenerator()
        let odd: [ClosedRange<UInt32>] = [
            0...0x20, 0x7F...0xA0, 0x300...0x36F, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFE00...0xFE0F,
            0x1F1E6...0x1F1FF, 0x1F3FB...0x1F3FF, 0xE0000...0xE007F, 0x20...0x7E, 0x4E00...0x4EFF, 0...0x10FFFF,
        ]
        for _ in 0..<600 {
            var scalars = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...400, using: &random) {
                let range = odd[Int.random(in: 0..<odd.count, using: &random)]
                if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) { scalars.append(scalar) }
            }
            guard let title = Title.clean(String(scalars)) else { continue }
            #expect(Title.clean(title) == title)
            #expect(title.count <= 200 && title.utf8.count <= 1000 && !title.isEmpty)
            let isClean = title.unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: false
                default: scalar == " " || !scalar.properties.isWhitespace
                }
            }
            #expect(isClean && !title.contains("  ") && title.first != " " && title.last != " ")
        }
    }
}
