import NIOCore

/// Lets the server rest for a moment when a connection cannot be accepted (no file descriptor is left): it would
/// otherwise try again at once and for ever.
final class AcceptPause: ChannelDuplexHandler {
    typealias InboundIn = Channel
    typealias OutboundIn = Channel

    private static let length = TimeAmount.milliseconds(250)

    private var until = NIODeadline.uptimeNanoseconds(0)

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        until = .now() + Self.length
    }

    func read(context: ChannelHandlerContext) {
        guard NIODeadline.now() < until else { return context.read() }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(deadline: until) { bound.value.read() }
    }
}
