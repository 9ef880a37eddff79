// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc
import Testing

@testable import Capture

struct PipePaceTests {
    /// Bytes that a pipe holds (F_GETPIPE_SZ).
    private func capacity(_ descriptor: Int32) -> Int { Int(fcntl(descriptor, 1032)) }

    @Test func `a pipe that is found full again and again is made larger, one that was full for a moment is not`()
        throws
    {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let usual = capacity(ends[1])
        try #require(usual == PipeBuffer.usualPipe)
        var pace = PipePace()
        for bytes in [usual, usual, usual, 1000, usual, usual, usual] {
            pace.enlargeIfFull(bytes, bytesPerSecond: 192_000, ends[0])
        }
        #expect(capacity(ends[1]) == usual)
        pace.enlargeIfFull(usual, bytesPerSecond: 192_000, ends[0])
        #expect(capacity(ends[1]) == PipeBuffer.largePipe)
    }

    @Test func `a kernel that grants nothing harms nothing`() throws {
        let null = open("/dev/null", O_RDONLY)
        try #require(null >= 0)
        defer { close(null) }
        var pace = PipePace()
        for _ in 0..<10 { pace.enlargeIfFull(PipeBuffer.usualPipe, bytesPerSecond: 192_000, null) }
        let next = pace.nextRead(
            demand: AudioDemand(heard: 1, next: 1.24), bytesPerSecond: 192_000, lastRead: 1, bytes: 1000, null)
        #expect(next == nil)
    }

    @Test func `one read takes a second of audio, and at least what a pipe usually holds`() {
        #expect(PipeBuffer.mostBytes(bytesPerSecond: nil) == PipeBuffer.usualPipe)
        #expect(PipeBuffer.mostBytes(bytesPerSecond: 8_000) == PipeBuffer.usualPipe)
        #expect(PipeBuffer.mostBytes(bytesPerSecond: 192_000) == 192_000)
        #expect(PipeBuffer.mostBytes(bytesPerSecond: 98_304_000) == PipeBuffer.largePipe)
        for (rate, channels, bytes) in [(8_000, 1, 1), (48_000, 2, 2), (192_000, 64, 8)] {
            let most = PipeBuffer.mostBytes(bytesPerSecond: rate * channels * bytes) + PipeDecoder.longestRest
            let seconds = Double(most) / Double(rate * channels * bytes)
            #expect(seconds <= PipeReader.mostSeconds(sampleRate: rate, channels: channels))
        }
    }
}
