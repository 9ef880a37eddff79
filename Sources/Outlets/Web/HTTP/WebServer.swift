// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Reporting

/// Accepts connections and bounds their number.
///
/// SwiftNIO's HTTP/1 directly, not Hummingbird: its server (2.28) only binds addresses of its own, and cannot take a
/// listening socket that systemd passes.
///
/// It is only used on its event loop.
final class WebServer {
    static let mostConnections = 64
    /// Bytes of large responses that may wait for clients in this process, all together.
    static let mostResponseBytes = 32 << 20
    /// Bytes that may wait for a client in this process before it counts as slow.
    static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 32 << 10, high: 64 << 10)
    /// The size of the kernel's buffer of each connection, which on loopback would grow to megabytes.
    static let kernelBuffer: SocketOptionValue = 128 << 10

    let loop: any EventLoop
    let router: Router
    let hub: EventHub
    private(set) var isStopping = false
    private var connections: [ObjectIdentifier: HTTPConnection] = [:]
    private var refusals = 0
    private var responseBytes = 0
    private var channels: [any Channel] = []
    private var ticks: RepeatedTask?

    init(loop: any EventLoop, router: Router, hub: EventHub) {
        self.loop = loop
        self.router = router
        self.hub = hub
        let bound = NIOLoopBound(self, eventLoop: loop)
        ticks = loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in bound.value.tick() }
    }

    private func tick() {
        let now = monotonicSeconds()
        for connection in connections.values { connection.tick(now) }
        hub.tick()
    }

    func remove(_ connection: HTTPConnection) { connections[ObjectIdentifier(connection)] = nil }

    /// Counts a large response; false if there is no room for it now.
    func reserve(_ bytes: Int) -> Bool {
        guard responseBytes + bytes <= Self.mostResponseBytes else { return false }
        responseBytes += bytes
        return true
    }

    func release(_ bytes: Int) { responseBytes -= bytes }

    func add(_ channel: any Channel) { channels.append(channel) }

    /// Closes the listening sockets and every connection.
    func stop() {
        isStopping = true
        ticks?.cancel()
        for channel in channels { channel.close(promise: nil) }
        for connection in connections.values { connection.abort() }
    }

    /// The bootstrap of a listening socket.
    static func bootstrap(_ server: NIOLoopBound<WebServer>, log: Logger) -> ServerBootstrap {
        ServerBootstrap(group: server.eventLoop, childGroup: server.eventLoop)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPause(log: log))
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.socketOption(.so_sndbuf), value: kernelBuffer)
            .childChannelOption(.writeBufferWaterMark, value: waterMark)
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 256, initial: 1024, maximum: 16 << 10)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try server.value.serve(channel) }
            }
    }

    private func serve(_ channel: any Channel) throws {
        guard connections.count < Self.mostConnections, !isStopping else {
            makeRoom()
            guard refusals < Self.mostConnections else { return channel.close(promise: nil) }
            refusals += 1
            let bound = NIOLoopBound(self, eventLoop: loop)
            channel.closeFuture.whenComplete { _ in bound.value.refusals -= 1 }
            return try channel.pipeline.syncOperations.addHandler(RefusedConnection())
        }
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 8 << 10
        limits.maxHeaderListSize = 32 << 10
        limits.maxHeaderFieldCount = 64
        let pipeline = HTTPServerPipelineHandler()
        let connection = HTTPConnection(server: self, pipeline: pipeline)
        try channel.pipeline.syncOperations.addHandlers([
            HTTPResponseEncoder(), ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)), pipeline,
            NIOHTTPResponseHeadersValidator(), connection,
        ])
        connections[ObjectIdentifier(connection)] = connection
    }

    /// Ends the oldest stream of events if it is old, so that a place becomes free for who asks again. A browser whose
    /// stream was ended connects again by itself and misses no change.
    private func makeRoom() {
        let streams = connections.values.filter { $0.streamStart != nil }
        guard let oldest = streams.min(by: { ($0.streamStart ?? 0) < ($1.streamStart ?? 0) }),
            let start = oldest.streamStart, monotonicSeconds() - start > 60
        else { return }
        oldest.abort()
    }
}

/// A connection beyond the limit: it gets a response, whatever it asks for, and is closed.
private final class RefusedConnection: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let message = "Too many connections are open already. Try again in a moment.\n"
    private static let response = ByteBuffer(
        string: "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
            + "Content-Length: \(message.utf8.count)\r\nRetry-After: 5\r\nConnection: close\r\n\r\n" + message)

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(Self.response), promise: nil)
        // The rest of the request is read and dropped: closed for good with unread bytes, the connection would be
        // reset, and the client would lose the response.
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
