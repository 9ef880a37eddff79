// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import NIOCore

/// A connection as the hub sees it. It checks that it is only used on the event loop that both share.
struct Client: Sendable, Hashable {
    private let id: ObjectIdentifier
    private let bound: NIOLoopBound<ClientConnection>

    init(_ connection: ClientConnection, loop: any EventLoop) {
        id = ObjectIdentifier(connection)
        bound = NIOLoopBound(connection, eventLoop: loop)
    }

    var connection: ClientConnection { bound.value }

    static func == (a: Client, b: Client) -> Bool { a.id == b.id }
    func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

/// One client of the control socket: reads requests and writes answers and notifications, in order, in bounded memory.
///
/// It stops reading while the client does not read its answers, and while the client waits for a reload or the history.
/// A subscriber that reads too slowly loses estimates, and gets their number when it reads again; one that leaves a
/// thousand changes unread is disconnected.
///
/// It is only used on the hub's event loop.
final class ClientConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Bytes that may wait for the client in this process before it counts as slow. The kernel's buffer comes on top.
    static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 32 << 10, high: 64 << 10)
    /// Changes and states that are queued for a client that does not read, at most.
    static let mostQueuedChanges = 1000

    /// Called for `reload`, on any thread.
    typealias Reload = @Sendable () async -> Result<ReloadResult, RPCError>

    private let hub: Hub
    private let reload: Reload
    private var context: ChannelHandlerContext?
    private var splitter = LineSplitter(limit: ControlLimits.requestBytes)
    /// Bytes that were read and not yet split into lines.
    private var unread = ByteBuffer()
    private var hasReadEnd = false
    /// Whether a reload or the history is at work on its request.
    private var isWaiting = false
    private var needsFlush = false
    private var lostEstimates = 0
    private var queuedChanges = 0

    init(hub: Hub, reload: @escaping Reload) {
        self.hub = hub
        self.reload = reload
    }

    // MARK: The channel

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        let client = client
        hub.assumeIsolated { $0.clients.insert(client) }
        if hub.log.logLevel <= .debug {
            PeerCredentials.of(context.channel).whenSuccess { [hub] in hub.log.debug("a client connected: \($0)") }
        }
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        let client = client
        hub.assumeIsolated {
            $0.clients.remove(client)
            $0.subscribersChanged()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if unread.readableBytes == 0 { unread = bytes } else { unread.writeBuffer(&bytes) }
    }

    func channelReadComplete(context: ChannelHandlerContext) { proceed() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent {
            hasReadEnd = true
            proceed()
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        queuedChanges = 0
        if lostEstimates > 0 {
            let lost = Notification.lost(Lost(estimates: lostEstimates))
            lostEstimates = 0
            // Encoding a number cannot fail.
            if let line = try? lost.line() { write(line) }
        }
        proceed()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: Requests

    /// Answers the requests that were read, as long as the client takes the answers, and then reads more.
    private func proceed() {
        while canAnswer, unread.readableBytes > 0 {
            // Up to the next newline only, so that the rest can wait.
            let view = unread.readableBytesView
            let length = view.firstIndex(of: UInt8(ascii: "\n")).map { $0 - view.startIndex + 1 } ?? view.count
            if let piece = unread.readSlice(length: length) {
                splitter.process(piece.readableBytesView) { answer($0) }
            }
        }
        if unread.readableBytes == 0 { unread = ByteBuffer() }
        if canAnswer, hasReadEnd, let last = splitter.finish() { answer(last) }
        flush()
        guard canAnswer, let context else { return }
        if !hasReadEnd {
            context.read()
        } else if !isSubscribed {
            close()
        }
    }

    private var client: Client { Client(self, loop: hub.loop) }

    private var isSubscribed: Bool {
        let client = client
        return hub.assumeIsolated { $0.clients.isSubscribed(client) }
    }

    private var canAnswer: Bool { !isWaiting && context?.channel.isWritable == true }

    private func answer(_ item: LineSplitter.Item) {
        do throws(Request.Rejection) {
            guard case .line(let line) = item else { throw .overlong }
            let request = try Request(line: line)
            if request.call == .reload { return startReload(id: request.id) }
            if case .history(let params) = request.call { return startHistory(params, id: request.id) }
            let client = client
            let answer = hub.assumeIsolated { $0.answer(request.call, id: request.id ?? .null, client: client) }
            if request.id != nil { write(answer) }
        } catch {
            if let id = error.id { write(Response.line(id: id, error: error.error)) }
        }
    }

    private func startHistory(_ params: HistoryParams, id: RequestID?) {
        // A request without an id gets no answer.
        guard let id else { return }
        isWaiting = true
        Task(executorPreference: TaskQueue.services) { [hub, client] in
            let answer = await hub.answerHistory(params, id: id)
            hub.loop.execute {
                let connection = client.connection
                connection.isWaiting = false
                connection.write(answer)
                connection.proceed()
            }
        }
    }

    private func startReload(id: RequestID?) {
        isWaiting = true
        Task(executorPreference: TaskQueue.services) { [reload, client, loop = hub.loop] in
            let result = await reload()
            loop.execute { client.connection.finishReload(result, id: id) }
        }
    }

    private func finishReload(_ result: Result<ReloadResult, RPCError>, id: RequestID?) {
        isWaiting = false
        if let id {
            switch result {
            case .success(let changed): write(Response.line(id: id, result: changed))
            case .failure(let error): write(Response.line(id: id, error: error))
            }
        }
        proceed()
    }

    // MARK: Writing

    /// Queues a notification or, when the client reads too slowly, drops and counts it. Calls `line` only if needed.
    func offer(isEstimate: Bool, _ line: () -> ByteBuffer?) {
        guard let context else { return }
        if !context.channel.isWritable {
            if isEstimate {
                lostEstimates += 1
                return
            }
            queuedChanges += 1
            if queuedChanges > Self.mostQueuedChanges { return context.close(promise: nil) }
        }
        guard let line = line() else { return }
        needsFlush = true
        context.write(wrapOutboundOut(line), promise: nil)
    }

    func flush() {
        guard needsFlush else { return }
        needsFlush = false
        context?.flush()
    }

    /// Closes the connection once everything that was written has been sent.
    ///
    /// - Returns: a future that completes when it is closed; nil if it is closed already.
    @discardableResult
    func close() -> EventLoopFuture<Void>? {
        guard let context else { return nil }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in bound.value.close(promise: nil) }
        return context.channel.closeFuture
    }

    /// Closes the connection without waiting for a client that does not read.
    func abort() { context?.close(promise: nil) }

    private func write(_ line: [UInt8]) {
        needsFlush = true
        context?.write(wrapOutboundOut(ByteBuffer(bytes: line)), promise: nil)
    }
}
