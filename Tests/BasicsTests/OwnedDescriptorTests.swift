// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc
import Testing

struct OwnedDescriptorTests {
    private struct Refused: Error {}

    private final class Owner {
        private let descriptor: OwnedDescriptor

        init(_ number: Int32, throws: Bool) throws {
            descriptor = OwnedDescriptor(number)
            if `throws` { throw Refused() }
        }
    }

    @Test(arguments: [false, true])
    func `it is closed with its owner, also when the owner's initialiser throws`(throws: Bool) throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        func hasWriter() -> Bool {
            var end = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
            poll(&end, 1, 0)
            return end.revents & Int16(POLLHUP) == 0
        }
        var owner = try? Owner(ends[1], throws: `throws`)
        #expect(hasWriter() == !`throws`)
        withExtendedLifetime(owner) {}
        owner = nil
        #expect(!hasWriter())
    }

    @Test func `a failed call is not open`() {
        let isOpen = OwnedDescriptor(open("/nonexistent/file", O_RDONLY)).isOpen
        #expect(!isOpen)
    }
}
