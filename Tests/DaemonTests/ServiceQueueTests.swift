// SPDX-License-Identifier: GPL-3.0-or-later

import NIOCore
import NIOPosix
import Testing

@testable import genred

struct ServiceQueueTests {
    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    @Test func `a sleep lasts as long as it should`() async throws {
        let start = ContinuousClock.now
        try await loop.sleep(for: .milliseconds(30))
        #expect(ContinuousClock.now - start >= .milliseconds(30))
    }

    @Test(arguments: [0, 20])
    func `a sleep ends as soon as its task is cancelled`(millisecondsBefore: Int) async throws {
        let task = Task { [loop] in try await loop.sleep(for: .hours(1)) }
        if millisecondsBefore > 0 { try await Task.sleep(for: .milliseconds(millisecondsBefore)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
