// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import NIOCore
import NIOHTTP1

/// One client's connection: answers its requests one after the other, in bounded memory and time.
///
/// The end of a response is reported to the pipeline handler only when the system has taken the response's bytes, so that
/// requests sent ahead wait, instead of their answers piling up.
///
/// It is only used on the server's event loop.
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// Seconds for a request to arrive, counted from the connection or from the last response.
    static let requestTime = 10.0
    /// Seconds for which a client may take nothing of what waits for it.
    static let stallTime = 30.0
    /// Seconds for a client to take a whole response, however slowly.
    static let responseTime = 300.0
    /// Seconds in which a client can read the last response, before the connection is closed with what it still sends.
    static let lingerTime = 1.0
    static let mostRequests = 1000
    /// Bytes from which on a response counts towards the server's limit.
    static let largeResponse = 128 << 10

    private enum Phase {
        case waiting(until: Double)
        /// The request's headers were read and accepted.
        case reading(HTTPRequestHead, until: Double)
        /// The daemon is asked.
        case asking
        case writing(until: Double)
        case streaming(EventStream)
        case lingering(until: Double)
    }

    private let server: WebServer
    private let pipeline: HTTPServerPipelineHandler
    private var context: ChannelHandlerContext?
    private var phase = Phase.waiting(until: monotonicSeconds() + requestTime)
    private var requests = 0
    private var hasReadEnd = false
    private var version = HTTPVersion.http1_1
    private var isHead = false
    /// Bytes of a large response that the system has not taken yet.
    private var reservedBytes = 0
    /// Bytes that waited for the client at the last look, and since when it has taken none of them.
    private var waitingBytes = 0
    private var lastProgress = monotonicSeconds()

    /// - Parameter pipeline: the handler in front of this one.
    init(server: WebServer, pipeline: HTTPServerPipelineHandler) {
        self.server = server
        self.pipeline = pipeline
    }

    /// When the stream of events began; nil if this connection is none.
    private(set) var streamStart: Double?

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelInactive(context: ChannelHandlerContext) {
        if case .streaming(let stream) = phase { stream.end() }
        phase = .lingering(until: 0)
        release()
        self.context = nil
        server.remove(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), phase) {
        case (.head(let head), .waiting): begin(head)
        case (.end, .reading(let head, _)): answer(head)
        // Nothing may follow a request for a stream.
        case (.head, .streaming): abort()
        // The rest of a request that has its answer already.
        default: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .inputClosed? = event as? ChannelEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        hasReadEnd = true
        switch phase {
        case .waiting, .reading, .lingering: abort()
        case .asking, .writing: break
        case .streaming(let stream): stream.probe()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard case .streaming(let stream) = phase, context.channel.isWritable else { return }
        stream.proceed()
        stream.flush()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return abort() }
        switch phase {
        case .waiting:
            isHead = false
            if error == .headerOverflow {
                respond(
                    .text(.requestHeaderFieldsTooLarge, "The address or a header is too long, or there are too many."),
                    isLast: true)
            } else {
                respond(.text(.badRequest, "This is not a request of HTTP/1.1."), isLast: true)
            }
        case .lingering: break
        case .reading, .asking, .writing, .streaming: abort()
        }
    }

    // MARK: Requests

    private func begin(_ head: HTTPRequestHead) {
        requests += 1
        version = head.version
        isHead = head.method == .HEAD
        let length = head.headers["content-length"]
        let hasBody = head.headers.contains(name: "transfer-encoding") || length.contains { $0 != "0" }
        if hasBody || head.method == .CONNECT {
            // Nothing of a body is read: what follows is never taken for another request.
            let isWrongMethod = head.method != .GET && head.method != .HEAD
            let response = isWrongMethod ? server.router.answer(head) : nil
            guard case .response(let refusal)? = response else {
                return respond(.text(.payloadTooLarge, "Requests here have no body."), isLast: true)
            }
            return respond(refusal, isLast: true)
        }
        phase = .reading(head, until: monotonicSeconds() + Self.requestTime)
    }

    private func answer(_ head: HTTPRequestHead) {
        // After a request to change the protocol, the decoder reads nothing more.
        let isLast =
            !head.isKeepAlive || requests >= Self.mostRequests || head.headers.contains(name: "upgrade")
        switch server.router.answer(head) {
        case .response(let response): respond(response, isLast: isLast)
        case .later(let future):
            phase = .asking
            let bound = NIOLoopBound(self, eventLoop: server.loop)
            future.whenComplete { result in
                bound.value.respond(
                    (try? result.get()) ?? .text(.internalServerError, "This failed; please report it."), isLast: isLast
                )
            }
        case .events(let source, let after): stream(source: source, after: after)
        }
    }

    // MARK: Responses

    private func respond(_ response: WebResponse, isLast: Bool) {
        guard let context else { return }
        var response = response
        if response.body.readableBytes > Self.largeResponse {
            if server.reserve(response.body.readableBytes) {
                reservedBytes = response.body.readableBytes
            } else {
                response = .error(
                    .serviceUnavailable, "other clients are reading large answers; ask again in a moment, or for less",
                    headers: [("Retry-After", "5")])
            }
        }
        let isLast = isLast || hasReadEnd || server.isStopping
        var head = HTTPResponseHead(version: version, status: response.status, headers: WebResponse.commonHeaders())
        head.headers.add(contentsOf: response.headers)
        if response.status != .notModified {
            head.headers.add(name: "Content-Length", value: "\(response.body.readableBytes)")
        }
        if isLast {
            head.headers.add(name: "Connection", value: "close")
        } else if version != .http1_1 {
            head.headers.add(name: "Connection", value: "keep-alive")
        }
        phase = .writing(until: monotonicSeconds() + Self.responseTime)
        noteProgress()
        let isWritten = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        isWritten.futureResult.whenComplete { result in
            if case .success = result { bound.value.finish(isLast: isLast) } else { bound.value.abort() }
        }
        let hasBody = !isHead && response.body.readableBytes > 0
        context.write(wrapOutboundOut(.head(head)), promise: hasBody ? nil : isWritten)
        if hasBody { context.write(wrapOutboundOut(.body(.byteBuffer(response.body))), promise: isWritten) }
        context.flush()
    }

    /// The system has taken the whole response.
    private func finish(isLast: Bool) {
        guard case .writing = phase, let context else { return }
        release()
        let isLast = isLast || hasReadEnd
        let now = monotonicSeconds()
        phase = isLast ? .lingering(until: now + Self.lingerTime) : .waiting(until: now + Self.requestTime)
        // This may deliver the next request at once.
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        guard isLast else { return }
        // Closed for good with unread bytes, it would be reset, and the client would lose the response.
        if hasReadEnd { abort() } else { context.close(mode: .output, promise: nil) }
    }

    private func release() {
        server.release(reservedBytes)
        reservedBytes = 0
    }

    private func stream(source: String?, after: Int?) {
        guard let context else { return }
        var head = HTTPResponseHead(version: version, status: .ok, headers: WebResponse.commonHeaders())
        head.headers.add(contentsOf: [
            ("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"), ("X-Accel-Buffering", "no"),
        ])
        if version != .http1_1 { head.headers.add(name: "Connection", value: "close") }
        if isHead {
            // Without a length, so that it is that of the stream: none.
            head.headers.replaceOrAdd(name: "Connection", value: "close")
            phase = .writing(until: monotonicSeconds() + Self.responseTime)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.flush()
            return finish(isLast: true)
        }
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        // It would not read on, and so never see the client go.
        context.pipeline.syncOperations.removeHandler(pipeline, promise: nil)
        streamStart = monotonicSeconds()
        noteProgress()
        phase = .streaming(EventStream(hub: server.hub, sink: self, source: source, after: after))
    }

    // MARK: Time

    /// Closes the connection when its client is too slow.
    func tick(_ now: Double) {
        switch phase {
        case .waiting(let end), .reading(_, let end), .lingering(let end):
            if now >= end { abort() }
        case .writing(let end):
            noteProgress()
            if now >= end || now - lastProgress >= Self.stallTime { abort() }
        case .asking: break
        case .streaming:
            noteProgress()
            if now - lastProgress >= Self.stallTime { abort() }
        }
    }

    private func noteProgress() {
        guard let context else { return }
        let waiting = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        if context.channel.isWritable || waiting < waitingBytes { lastProgress = monotonicSeconds() }
        waitingBytes = waiting
    }

    /// Closes the connection at once.
    func abort() { context?.close(promise: nil) }
}

extension HTTPConnection: EventSink {
    var isWritable: Bool { context?.channel.isWritable ?? false }

    func write(_ text: ByteBuffer) {
        context?.write(wrapOutboundOut(.body(.byteBuffer(text))), promise: nil)
    }

    func flush() { context?.flush() }
}
