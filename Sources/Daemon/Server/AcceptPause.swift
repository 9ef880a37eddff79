// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc
import Logging
import NIOCore

/// Lets the server rest for a moment when a connection cannot be accepted (no file descriptor is left): it would
/// otherwise try again at once and for ever.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = Channel

    private static let length = TimeAmount.milliseconds(250)
    /// Clients can bring this about as often as they like.
    private static let quiet = TimeAmount.minutes(1)

    private let log: Logger
    private var nextLine = NIODeadline.uptimeNanoseconds(0)

    init(log: Logger) { self.log = log }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if .now() >= nextLine {
            let reason = (error as? IOError).map { systemMessage($0.errnoCode) } ?? "\(error)"
            log.warning(
                "a client has to wait, no connection can be accepted: \(reason); raise LimitNOFILE of the unit, or have fewer clients"
            )
            nextLine = .now() + Self.quiet
        }
        // What is left of the channel's wish to read would keep the event loop awake; this alone takes it back.
        let channel = context.channel
        channel.setOption(.autoRead, value: false)
            .flatMap { channel.eventLoop.scheduleTask(in: Self.length) {}.futureResult }
            .whenSuccess { channel.setOption(.autoRead, value: true).whenComplete { _ in } }
    }
}
