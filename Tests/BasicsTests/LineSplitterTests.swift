// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Testing

struct LineSplitterTests {
    private func items(_ chunks: [[UInt8]], limit: Int) -> [LineSplitter.Item] {
        var splitter = LineSplitter(limit: limit)
        var items: [LineSplitter.Item] = []
        for chunk in chunks {
            splitter.process(chunk) { items.append($0) }
            #expect(splitter.pendingBytes <= limit)
        }
        return items
    }

    private func line(_ text: String) -> LineSplitter.Item { .line(Array(text.utf8)) }

    @Test
    func `the lines are the same however the bytes are chunked`() {
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "{}\n", "\n", "  \r\n", "abcdefghij\n", "abcdefghijk\n", "0123456789012345678901234567\n", "x\r\n",
        ]
        for _ in 0..<300 {
            let bytes = Array((0..<12).map { _ in pieces.randomElement(using: &random) ?? "" }.joined().utf8)
            let whole = items([bytes], limit: 10)
            var chunks: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...7, using: &random)
                chunks.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            #expect(items(chunks, limit: 10) == whole)
        }
    }

    @Test
    func `a line of exactly the limit passes, one byte more does not`() {
        #expect(
            items([Array("1234567890\n12345678901\nab\n".utf8)], limit: 10) == [
                line("1234567890"), .overlong, line("ab"),
            ])
    }

    @Test
    func `an overlong line is reported once, before its newline arrives, and holds no memory`() {
        var splitter = LineSplitter(limit: 65_536)
        var count = 0
        let chunk = [UInt8](repeating: 0x61, count: 8192)
        for _ in 0..<1000 {
            splitter.process(chunk) {
                #expect($0 == .overlong)
                count += 1
            }
            #expect(splitter.pendingBytes <= 65_536)
        }
        #expect(count == 1)
        var after: [LineSplitter.Item] = []
        splitter.process(Array("tail\nnext\n".utf8)) { after.append($0) }
        #expect(after == [line("next")])
    }

    @Test
    func `blank lines are skipped`() {
        #expect(items([Array("\n\r\n \t\na\n".utf8)], limit: 10) == [line("a")])
    }

    @Test
    func `the last line needs no newline`() {
        var splitter = LineSplitter(limit: 65_536)
        splitter.process(Array("a".utf8)) { _ in }
        #expect(splitter.finish() == line("a"))
        #expect(splitter.finish() == nil)
    }
}
