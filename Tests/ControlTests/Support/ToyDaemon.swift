// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Dispatch
import Foundation
import Glibc

/// A server that speaks the control protocol over a real socket, with a programme of its own instead of audio: what
/// genrectl is tested against, without building the daemon.
final class ToyDaemon: Sendable {
    /// How it behaves.
    struct Manner: Sendable {
        var sources = Programme.sources(1)
        var protocolVersion = ControlProtocol.protocolVersion
        /// Sent to each client at once, before it closes the connection.
        var greeting: String?
        /// Takes requests and never answers them.
        var isMute = false
        /// Every line sent instead of an answer.
        var answer: String?
        /// Seconds between estimates.
        var interval = 0.05
        /// How many times faster than the clock its programme runs.
        var pace = 1.0
        /// Sent before the answer to every request.
        var interjection: [UInt8] = []
        var reloadError: String?
    }

    let path: String
    private let stopper: Int32
    private let finished = DispatchSemaphore(value: 0)

    /// Listens at `path`, or at one of its own in the temporary directory.
    init(_ manner: Manner = Manner(), path: String? = nil) throws {
        let path = path ?? "\(FileManager.default.temporaryDirectory.path)/genred-\(UUID().uuidString.prefix(8)).sock"
        self.path = path
        unlink(path)
        let listener = UnixSocket.open(SOCK_STREAM)
        let bound = UnixSocket.withAddress(path) { bind(listener, $0, $1) }
        guard bound == 0, listen(listener, 128) == 0 else { throw POSIXError(.EADDRINUSE) }
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        stopper = ends[1]
        let (stop, finished) = (ends[0], finished)
        let server = Server(manner: manner, listener: listener, stop: stop)
        Thread.detachNewThread {
            server.run()
            close(listener)
            close(stop)
            unlink(path)
            finished.signal()
        }
    }

    /// Closes every connection and removes the socket.
    func stop() {
        close(stopper)
        finished.wait()
    }
}

/// The loop of one thread. Sendable: made on one thread, then used on another alone.
private final class Server: @unchecked Sendable {
    private struct Client {
        var splitter = LineSplitter()
        var subscription: SubscribeParams?
    }

    private let manner: ToyDaemon.Manner
    private let listener: Int32
    private let stop: Int32
    private var programme: Programme
    private var clients: [Int32: Client] = [:]
    private let started = Timestamp.now

    init(manner: ToyDaemon.Manner, listener: Int32, stop: Int32) {
        self.manner = manner
        self.listener = listener
        self.stop = stop
        programme = Programme(sources: manner.sources, pace: manner.pace, start: .now)
    }

    func run() {
        var next = ContinuousClock.now
        while true {
            var entries = ([stop, listener] + clients.keys).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            let left = ContinuousClock.now.duration(to: next) / .milliseconds(1)
            poll(&entries, nfds_t(entries.count), Int32(max(0, left.rounded(.up))))
            if entries[0].revents != 0 { break }
            if entries[1].revents != 0 { accept() }
            for entry in entries.dropFirst(2) where entry.revents != 0 { read(entry.fd) }
            if ContinuousClock.now >= next {
                next += .seconds(manner.interval)
                publish()
            }
        }
        for descriptor in clients.keys { close(descriptor) }
    }

    private func accept() {
        let descriptor = Glibc.accept(listener, nil, nil)
        guard descriptor >= 0 else { return }
        if let greeting = manner.greeting {
            send(Array(greeting.utf8), to: descriptor)
            close(descriptor)
        } else {
            clients[descriptor] = Client()
        }
    }

    private func read(_ descriptor: Int32) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else {
            clients[descriptor] = nil
            close(descriptor)
            return
        }
        var lines: [[UInt8]] = []
        clients[descriptor]?.splitter.process(buffer.prefix(count)) {
            if case .line(let line) = $0 { lines.append(line) }
        }
        for line in lines where !manner.isMute { answer(line, to: descriptor) }
    }

    private func answer(_ line: [UInt8], to descriptor: Int32) {
        if let answer = manner.answer { return send(Array(answer.utf8), to: descriptor) }
        send(manner.interjection, to: descriptor)
        let request: Request
        do {
            request = try Request(line: line)
        } catch {
            if let id = error.id { send(Response.line(id: id, error: error.error), to: descriptor) }
            return
        }
        guard let id = request.id else { return }
        if case .subscribe(let params) = request.call { clients[descriptor]?.subscription = params }
        do {
            send(try result(of: request.call, id: id), to: descriptor)
        } catch {
            send(Response.line(id: id, error: error), to: descriptor)
        }
    }

    private func result(of call: ControlCall, id: RequestID) throws(RPCError) -> [UInt8] {
        func known(_ name: String?) throws(RPCError) {
            guard let name, !programme.names.contains(name) else { return }
            throw .unknownSource(name, known: programme.names)
        }
        switch call {
        case .describe: return Response.line(id: id, result: description)
        case .current(let params):
            try known(params.source)
            return Response.line(id: id, result: CurrentResult(estimates: programme.estimates(of: params.source)))
        case .subscribe(let params):
            try known(params.source)
            return Response.line(id: id, result: SubscribeResult(events: params.events, sources: programme.names))
        case .history(let params):
            try known(params.source)
            let since = params.since?.time()
            let changes = programme.changes.filter {
                (params.source == nil || $0.source == params.source)
                    && (since == nil || Timestamp(rfc3339: $0.time).map { $0 >= since ?? $0 } == true)
            }
            let totals = Dictionary(changes.map { ($0.from, $0.lasted) }, uniquingKeysWith: +)
                .map { LabelTime(label: $0.key, seconds: $0.value) }.sorted { $0.seconds > $1.seconds }
            return Response.line(
                id: id,
                result: HistoryResult(
                    changes: changes.suffix(params.limit), more: changes.count > params.limit,
                    totals: params.totals ? totals : nil))
        case .sources: return Response.line(id: id, result: SourcesResult(sources: programme.statuses))
        case .status: return Response.line(id: id, result: status)
        case .reload:
            if let error = manner.reloadError { throw RPCError(.reloadRefused, error) }
            return Response.line(id: id, result: ReloadResult(changed: ["source tv was added"]))
        }
    }

    private var model: ModelInfo {
        ModelInfo(
            path: "/usr/share/genred/default.safetensors", labels: Programme.labels, parameters: 412_345,
            card: ["accuracy": "0.71", "trained on": "a toy"])
    }

    private var description: Description {
        Description(
            name: "genred", version: "0.0.0", protocolVersion: manner.protocolVersion,
            methods: ControlMethod.allCases.map(\.rawValue), model: model)
    }

    private var status: DaemonStatus {
        DaemonStatus(
            version: "0.0.0", pid: Int(getpid()), started: started.description,
            uptime: Timestamp.now.seconds(since: started), cpu: 1.5, memory: 23_400_000, clients: clients.count,
            subscribers: clients.values.count { $0.subscription != nil }, model: model,
            config: "/etc/genred/genred.yaml",
            sources: programme.statuses)
    }

    private func publish() {
        for notification in programme.advance() {
            guard let line = try? notification.line() else { continue }
            for (descriptor, client) in clients {
                guard let subscription = client.subscription, subscription.wants(notification) else { continue }
                send(line, to: descriptor)
            }
        }
    }

    private func send(_ bytes: [UInt8], to descriptor: Int32) {
        // A test's client reads; one that does not loses the rest of a line, as it would not with genred.
        _ = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
}

extension SubscribeParams {
    fileprivate func wants(_ notification: ControlProtocol.Notification) -> Bool {
        let (kind, name): (EventKind?, String?) =
            switch notification {
            case .estimate(let estimate): (.estimate, estimate.source)
            case .change(let change): (.change, change.source)
            case .state(let change): (.state, change.source)
            case .lost: (nil, nil)
            }
        return kind.map(events.contains) ?? true && (source == nil || name == nil || source == name)
    }
}
