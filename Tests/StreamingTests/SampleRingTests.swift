// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

@testable import Streaming

struct SampleRingTests {
    func read(_ ring: SampleRing, _ count: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { buffer, filled in filled = ring.read(into: buffer) }
    }

    func numbers(_ range: Range<Int>) -> [Float] { range.map(Float.init) }

    @Test func `samples are read in the order in which they were written`() {
        let ring = SampleRing(minimumCapacity: 128)
        var generator = SplitMix(state: 7)
        var (written, read) = (0, 0)
        for _ in 0..<2000 {
            let chunk = Int.random(in: 0...100, using: &generator)
            let taken = ring.tryWrite(numbers(written..<written + chunk).span)
            #expect(taken == min(chunk, 128 - (written - read)))
            written += taken
            let block = self.read(ring, Int.random(in: 1...100, using: &generator))
            #expect(block == numbers(read..<read + block.count))
            read += block.count
        }
        #expect(ring.dropped == 0)
    }

    @Test func `a full ring drops the oldest samples`() {
        let ring = SampleRing(minimumCapacity: 256)
        for start in stride(from: 0, to: 1000, by: 50) {
            ring.write(numbers(start..<start + 50).span)
        }
        #expect(ring.dropped == 1000 - 256)
        #expect(read(ring, 1000) == numbers(744..<1000))
    }

    @Test func `of a write larger than the ring, the end is kept`() {
        let ring = SampleRing(minimumCapacity: 64)
        let lost = ring.write(numbers(0..<1000).span)
        #expect(lost == 1000 - 64)
        #expect(read(ring, 64) == numbers(936..<1000))
    }

    /// Samples read and dropped must add up to the samples written, and samples read must ascend, while both sides run
    /// at full speed and the ring overflows all the time.
    @Test func `every sample is read or counted as dropped under load`() async {
        let ring = SampleRing(minimumCapacity: 512)
        let total = 3_000_000
        let producer = Task.detached {
            var written = 0
            while written < total {
                // 24 bits of a counter are exact in a Float.
                let chunk = (written..<min(written + 173, total)).map { Float($0 & 0xFF_FFFF) }
                ring.write(chunk.span)
                written += chunk.count
            }
        }
        let consumer = Task.detached { () -> (read: Int, ordered: Bool) in
            let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: 200)
            defer { buffer.deallocate() }
            var (read, last, ordered) = (0, Float(-1), true)
            while true {
                let count = ring.read(into: buffer)
                for index in 0..<count {
                    ordered = ordered && buffer[index] > last
                    last = buffer[index]
                }
                read += count
                if read + ring.dropped >= total { return (read, ordered) }
                if count == 0 { await Task.yield() }
            }
        }
        await producer.value
        let result = await consumer.value
        #expect(result.ordered && result.read > 0)
        #expect(result.read + ring.dropped == total)
        #expect(ring.count == 0)
    }
}
