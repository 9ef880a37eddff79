// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// Wakes an event loop from threads that must neither allocate nor lock: a pipe that the loop reads, and a flag that
/// keeps at most one byte in it.
///
/// A pipe rather than an eventfd, because NIO closes the descriptor that it reads: the writer needs one of its own.
final class Bell: Sendable {
    private let isRinging = Atomic<Bool>(false)
    private let readEnd: Int32
    private let writeEnd: Int32

    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw SystemError("cannot create the pipe between analysis and hub", call: "pipe")
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit { close(writeEnd) }

    /// Wakes the loop. Call it from any thread.
    func ring() {
        guard !isRinging.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }

    /// Call it before looking for work: a `ring` after it wakes the loop again.
    func clear() { _ = isRinging.exchange(false, ordering: .acquiringAndReleasing) }

    /// Calls `action` on the loop after each `ring`, until the channel is closed. Call it once.
    func listen(on loop: any EventLoop, _ action: @escaping @Sendable () -> Void) -> EventLoopFuture<any Channel> {
        NIOPipeBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(action: action))
                }
            }
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 16))
            .takingOwnershipOfDescriptor(input: readEnd)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let action: @Sendable () -> Void

        init(action: @escaping @Sendable () -> Void) { self.action = action }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { action() }
    }
}
