// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Dispatch
import Foundation
import Glibc

/// A server that speaks the control protocol over a real socket, with an invented programme instead of audio. It tests
/// genrectl without the daemon.
final class FakeDaemon: Sendable {
    /// The behaviour of the server.
    struct Behaviour: Sendable {
        var sources = Programme.sources(1)
        var protocolVersion = ControlProtocol.protocolVersion
        /// A message that is sent to each client at once, before the connection is closed.
        var greeting: String?
        /// Whether it reads requests without answering them.
        var isMute = false
        /// The text to send instead of every response.
        var answer: String?
        /// Seconds between estimates.
        var interval = 0.05
        /// The speed of the programme relative to the clock.
        var pace = 1.0
        /// Bytes to send before the response to every request.
        var interjection: [UInt8] = []
        var reloadError: String?
        /// Changes before those of the programme, with seqs from 1 on, also of sources that it does not have.
        var history: [Change] = []
    }

    let path: String
    private let stopper: Int32
    private let finished = DispatchSemaphore(value: 0)

    /// Listens at `path`, by default at a new path in the temporary directory.
    init(_ behaviour: Behaviour = Behaviour(), path: String? = nil) throws {
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
        Thread.detachNewThread {
            Server(behaviour: behaviour, listener: listener, stop: stop).run()
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

/// The event loop of the server's thread.
private final class Server {
    private struct Client {
        var splitter = LineSplitter(limit: ControlLimits.requestBytes)
        var subscription: SubscribeParams?
    }

    private let behaviour: FakeDaemon.Behaviour
    private let listener: Int32
    private let stop: Int32
    private var programme: Programme
    private var clients: [Int32: Client] = [:]
    private let started = Timestamp.now

    init(behaviour: FakeDaemon.Behaviour, listener: Int32, stop: Int32) {
        self.behaviour = behaviour
        self.listener = listener
        self.stop = stop
        programme = Programme(
            sources: behaviour.sources, pace: behaviour.pace, start: .now, seq: behaviour.history.last?.seq ?? 0)
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
                next += .seconds(behaviour.interval)
                publish()
            }
        }
        for descriptor in clients.keys { close(descriptor) }
    }

    private func accept() {
        let descriptor = Glibc.accept(listener, nil, nil)
        guard descriptor >= 0 else { return }
        if let greeting = behaviour.greeting {
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
        for line in lines where !behaviour.isMute { answer(line, to: descriptor) }
    }

    private func answer(_ line: [UInt8], to descriptor: Int32) {
        if let answer = behaviour.answer { return send(Array(answer.utf8), to: descriptor) }
        send(behaviour.interjection, to: descriptor)
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
            let all = behaviour.history + programme.changes
            // A source that is no longer configured still has its history.
            if !all.contains(where: { $0.source == params.source }) { try known(params.source) }
            let since = params.since?.time()
            let changes = all.filter {
                (params.source == nil || $0.source == params.source) && $0.seq > params.after ?? .min
                    && (since == nil || Timestamp(rfc3339: $0.time).map { $0 >= since ?? $0 } == true)
            }
            let chosen = params.after == nil ? changes.suffix(params.limit) : changes.prefix(params.limit)
            let totals = Dictionary(changes.map { ($0.from, $0.lasted) }, uniquingKeysWith: +)
                .map { LabelTime(label: $0.key, seconds: $0.value) }.sorted { $0.seconds > $1.seconds }
            return Response.line(
                id: id,
                result: HistoryResult(
                    changes: Array(chosen), more: changes.count > params.limit,
                    totals: params.totals ? totals : nil))
        case .annotate(let params):
            try known(params.source)
            return Response.line(id: id, result: AnnotateResult(title: params.title))
        case .sources: return Response.line(id: id, result: SourcesResult(sources: programme.statuses))
        case .status: return Response.line(id: id, result: status)
        case .reload:
            if let error = behaviour.reloadError { throw RPCError(.reloadRefused, error) }
            return Response.line(id: id, result: ReloadResult(changed: ["source tv was added"]))
        }
    }

    private var model: ModelInfo {
        ModelInfo(
            path: "/usr/share/genred/default.safetensors", labels: Programme.labels, parameters: 412_345,
            card: ["accuracy": "0.71", "trained on": "a fake"])
    }

    private var description: Description {
        Description(
            name: "genred", version: "0.0.0", protocolVersion: behaviour.protocolVersion,
            methods: ControlMethod.allCases.map(\.rawValue), model: model,
            instance: "3f0c1f5e-8a55-4d0e-9d3c-0a3c6f4b8d11")
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
        // The clients in tests read everything. One that does not would lose the rest of a line, unlike with genred.
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
