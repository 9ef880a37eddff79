// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import NIOCore

/// A connection as the hub knows it: only used on the loop that both live on, which it checks.
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

/// One client of the control socket: lines in, lines out, in order, in bounded memory.
///
/// Nothing is read from a client that does not read its answers, nor while it waits for a reload or the history. A subscriber that
/// reads too slowly loses estimates, and is told how many when it reads again; one that leaves a thousand changes
/// unread is disconnected.
///
/// Lives on the event loop of the hub.
final class ClientConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Bytes that may wait for the client in the process before it counts as slow; the kernel's buffer comes on top.
    static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 32 << 10, high: 64 << 10)
    /// Changes and states that are queued for a client that does not read.
    static let mostQueuedChanges = 1000

    /// Called for `reload`, on any thread.
    typealias Reload = @Sendable () async -> Result<ReloadResult, RPCError>

    private let hub: Hub
    private let reload: Reload
    private var context: ChannelHandlerContext?
    private var splitter = LineSplitter()
    /// What was read and not yet looked at.
    private var unread = ByteBuffer()
    private var hasReadEnd = false
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
            PeerCredentials.of(context.channel).whenSuccess { [hub] in hub.log.debug("a client connects: \($0)") }
        }
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        let client = client
        hub.assumeIsolated { $0.clients.remove(client) }
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
            // A count is always written.
            if let line = try? lost.line() { write(line) }
        }
        proceed()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: Requests

    /// Answers what was read as far as the client takes the answers, then reads on.
    private func proceed() {
        while canAnswer, unread.readableBytes > 0 {
            // To the next newline, so that the rest can wait.
            let view = unread.readableBytesView
            let length = view.firstIndex(of: UInt8(ascii: "\n")).map { $0 - view.startIndex + 1 } ?? view.count
            if let piece = unread.readSlice(length: length) {
                splitter.append(piece.readableBytesView) { answer($0) }
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
            if case .history(let params) = request.call { return askHistory(params, id: request.id) }
            let client = client
            let answer = hub.assumeIsolated { $0.answer(request.call, id: request.id ?? .null, client: client) }
            if request.id != nil { write(answer) }
        } catch {
            if let id = error.id { write(Response.line(id: id, error: error.error)) }
        }
    }

    private func askHistory(_ params: HistoryParams, id: RequestID?) {
        // Without an id nobody wants the answer.
        guard let id else { return }
        isWaiting = true
        Task { [hub, client] in
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
        Task { [reload, client, loop = hub.loop] in
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

    /// Queues a notification, or drops it and counts when the client reads too slowly. `line` is only asked for when
    /// it is needed.
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

    /// Closes once everything that was written has been sent. The future: when it is closed.
    @discardableResult
    func close() -> EventLoopFuture<Void>? {
        guard let context else { return nil }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in bound.value.close(promise: nil) }
        return context.channel.closeFuture
    }

    /// Closes without waiting for a client that does not read.
    func abort() { context?.close(promise: nil) }

    private func write(_ line: [UInt8]) {
        needsFlush = true
        context?.write(wrapOutboundOut(ByteBuffer(bytes: line)), promise: nil)
    }
}
