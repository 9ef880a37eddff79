import NIOCore

/// Lets the server rest for a moment when a connection cannot be accepted (no file descriptor is left): it would
/// otherwise try again at once and for ever.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = Channel

    private static let length = TimeAmount.milliseconds(250)

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What is left of the channel's wish to read would keep the event loop awake; this alone takes it back.
        let channel = context.channel
        channel.setOption(.autoRead, value: false)
            .flatMap { channel.eventLoop.scheduleTask(in: Self.length) {}.futureResult }
            .whenSuccess { channel.setOption(.autoRead, value: true).whenComplete { _ in } }
    }
}
