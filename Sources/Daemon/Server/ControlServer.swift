// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import NIOCore
import NIOPosix
import Reporting
import ServiceLifecycle

/// Serves the control socket: accepts its clients, and moves it when a reload asks for that.
actor ControlServer {
    /// Its own, because it may wait for the socket's file system, and for whoever knows the groups.
    private nonisolated let queue = ActorQueue(label: "control socket")
    nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    private let hub: Hub
    private let reload: ClientConnection.Reload
    private var socket: ControlSocket
    private var channel: any Channel

    /// Serves a socket that is already listening.
    init(socket: ControlSocket, hub: Hub, reload: @escaping ClientConnection.Reload) async throws {
        self.hub = hub
        self.reload = reload
        self.socket = socket
        channel = try await Self.serve(socket, hub: hub, reload: reload)
    }

    var path: String { socket.path }

    /// Whether the service manager made the socket, and so decides where it is and who may use it.
    var isPassed: Bool { socket.isPassed }

    /// The settings that the socket does not have.
    func contradictions(to settings: SocketSettings) -> [String] { socket.contradictions(to: settings) }

    /// Moves to a socket at another path. Clients stay connected.
    func move(to path: String, _ settings: SocketSettings) async throws {
        let new = try ControlSocket(path: path, mode: settings.mode, group: settings.group)
        let next: any Channel
        do {
            next = try await Self.serve(new, hub: hub, reload: reload)
        } catch {
            new.remove()
            throw error
        }
        let (oldChannel, oldSocket) = (channel, socket)
        (channel, socket) = (next, new)
        oldSocket.remove()
        try? await oldChannel.close()
    }

    /// Changes who may use the socket.
    func use(_ settings: SocketSettings) throws(SocketError) {
        try socket.use(mode: settings.mode, group: settings.group)
    }

    /// Removes the socket and closes every connection, after the clients have had a moment to read their last lines.
    func stop() async {
        socket.remove()
        try? await channel.close()
        await hub.awaitLastQuestions()
        // By now no source delivers anything. Subscribers hear of every number, so that they know of no hole.
        await hub.endLabels()
        await hub.closeConnections()
    }

    private static func serve(
        _ socket: ControlSocket, hub: Hub, reload: @escaping ClientConnection.Reload
    ) async throws -> any Channel {
        try await ServerBootstrap(group: hub.loop, childGroup: hub.loop)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPause(log: hub.log))
                }
            }
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.writeBufferWaterMark, value: ClientConnection.waterMark)
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 256, initial: 1024, maximum: 16 << 10)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let isFull = hub.assumeIsolated { $0.clients.count >= ControlLimits.clients }
                    try channel.pipeline.syncOperations.addHandler(
                        isFull ? RefusedConnection() : ClientConnection(hub: hub, reload: reload))
                }
            }
            .withBoundSocket(socket.descriptor).get()
    }
}

/// A connection beyond the limit of clients: it gets an error and is closed.
private final class RefusedConnection: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelActive(context: ChannelHandlerContext) {
        let line = Response.line(id: .null, error: .tooManyClients())
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: line)))
            .whenComplete { _ in bound.value.close(promise: nil) }
    }
}

extension ControlServer: Service {
    /// Serves until the daemon stops.
    func run() async throws {
        try? await gracefulShutdown()
        await stop()
    }
}
