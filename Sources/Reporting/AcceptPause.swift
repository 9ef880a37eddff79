// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc
import Logging
import NIOCore

/// Pauses the server for a moment when a connection cannot be accepted because no file descriptor is left. Without a
/// pause it would try again at once, without end.
package final class AcceptPause: ChannelInboundHandler {
    package typealias InboundIn = Channel

    private static let length = TimeAmount.milliseconds(250)
    /// The least time between two log lines: clients can cause this as often as they like.
    private static let quiet = TimeAmount.minutes(1)

    private let log: Logger
    private var nextLine = NIODeadline.uptimeNanoseconds(0)

    package init(log: Logger) { self.log = log }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if .now() >= nextLine {
            let reason = (error as? IOError).map { systemMessage($0.errnoCode) } ?? "\(error)"
            log.warning(
                "a client has to wait, no connection can be accepted: \(reason); raise LimitNOFILE in the unit, or connect fewer clients"
            )
            nextLine = .now() + Self.quiet
        }
        // The channel's pending read would keep the event loop awake; only turning autoRead off cancels it.
        let channel = context.channel
        channel.setOption(.autoRead, value: false)
            .flatMap { channel.eventLoop.scheduleTask(in: Self.length) {}.futureResult }
            .whenSuccess { channel.setOption(.autoRead, value: true).whenComplete { _ in } }
    }
}
