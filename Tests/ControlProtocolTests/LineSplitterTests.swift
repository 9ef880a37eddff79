// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Testing

@Suite("Cutting the stream into lines")
struct LineSplitterTests {
    private func items(_ chunks: [[UInt8]], limit: Int) -> [LineSplitter.Item] {
        var splitter = LineSplitter(limit: limit)
        var items: [LineSplitter.Item] = []
        for chunk in chunks {
            splitter.append(chunk) { items.append($0) }
            #expect(splitter.pendingBytes <= limit)
        }
        return items
    }

    private func line(_ text: String) -> LineSplitter.Item { .line(Array(text.utf8)) }

    @Test("the lines are the same however the stream is chunked")
    func chunking() {
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "{}\n", "\n", "  \r\n", "abcdefghij\n", "abcdefghijk\n", "0123456789012345678901234567\n", "x\r\n",
        ]
        for _ in 0..<300 {
            let stream = Array((0..<12).map { _ in pieces.randomElement(using: &random) ?? "" }.joined().utf8)
            let whole = items([stream], limit: 10)
            var chunks: [[UInt8]] = []
            var rest = stream[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...7, using: &random)
                chunks.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            #expect(items(chunks, limit: 10) == whole)
        }
    }

    @Test("a line of exactly the limit passes, one byte more does not")
    func limit() {
        #expect(
            items([Array("1234567890\n12345678901\nab\n".utf8)], limit: 10) == [
                line("1234567890"), .overlong, line("ab"),
            ])
    }

    @Test("an over-long line is reported once, before its newline comes, and holds no memory")
    func overlong() {
        var splitter = LineSplitter()
        var count = 0
        let chunk = [UInt8](repeating: 0x61, count: 8192)
        for _ in 0..<1000 {
            splitter.append(chunk) {
                #expect($0 == .overlong)
                count += 1
            }
            #expect(splitter.pendingBytes <= ControlLimits.requestBytes)
        }
        #expect(count == 1)
        var after: [LineSplitter.Item] = []
        splitter.append(Array("tail\nnext\n".utf8)) { after.append($0) }
        #expect(after == [line("next")])
    }

    @Test("blank lines are skipped")
    func blank() {
        #expect(items([Array("\n\r\n \t\na\n".utf8)], limit: 10) == [line("a")])
    }

    @Test("the last line counts without its newline")
    func unterminated() {
        var splitter = LineSplitter()
        splitter.append(Array("a".utf8)) { _ in }
        #expect(splitter.finish() == line("a"))
        #expect(splitter.finish() == nil)
    }
}
