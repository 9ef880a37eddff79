// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Glibc
import NIOCore
import NIOPosix

/// Runs the web server: the feed on this thread, the connections on an event loop, the questions to the daemon on two
/// more threads.
struct WebOutlet {
    /// The most events that the event loop takes at once.
    private static let batch = 256

    private let path: String
    private let run: OutletRun
    private let passed: [Int32]
    private let listen: ListenAddress
    private let token: AccessToken?
    private let hosts: [String]

    /// Reads the settings.
    ///
    /// - Parameters:
    ///   - path: the daemon's control socket.
    ///   - hosts: the names of `--host`.
    init(path: String, listen: String?, tokenFile: String?, hosts: [String], run: OutletRun) throws {
        self.path = path
        self.run = run
        self.hosts = hosts
        passed = try PassedSockets.take()
        let text = listen ?? SocketPath.variable("GENRED_WEB_LISTEN").flatMap { $0.isEmpty ? nil : $0 }
        self.listen = try text.map { text throws(OutletError) in try ListenAddress(text) } ?? .byDefault
        token = try AccessToken.load(option: tokenFile) { run.log.warning("\($0)") }
    }

    /// Serves until a signal ends it.
    func serve() throws {
        let addresses = try passed.isEmpty ? listen.resolved() : passed.map { try PassedSockets.address(of: $0) }
        let open = addresses.filter { !$0.isLocal }
        if token == nil, let address = open.first {
            throw OutletError(
                .configuration,
                "\(address.authority ?? "this address") can be reached from other machines, so a token is needed."
                    + " Make one with: \(AccessToken.advice); then start with --token-file FILE (the system's unit reads"
                    + " /etc/genred/web-token), or listen at"
                    + " \(ListenAddress.byDefault.host):\(ListenAddress.byDefault.port)")
        }
        let isUnix = addresses.allSatisfy { $0.authority == nil }
        let check = HostCheck(names: hosts + [listen.host], allowsAll: token != nil || isUnix)
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let server = try makeServer(loop, check)
        let bound = try bind(server, addresses)
        let place = bound.isEmpty ? "a Unix socket" : bound.map { "http://\($0)/" }.joined(separator: ", ")
        run.log.notice(
            "the page is at \(place)\(token == nil ? "" : "; a browser opens /?token=TOKEN once")")
        run.notification.ready("at \(place), connecting to genred")
        follow(server)
        run.notification.stopping()
        try loop.submit { server.value.stop() }.wait()
    }

    private func makeServer(_ loop: any EventLoop, _ hosts: HostCheck) throws -> NIOLoopBound<WebServer> {
        let (path, token, log, notification) = (path, token, run.log, run.notification)
        return try loop.submit {
            let history = ControlQueries(path: path)
            let hub = EventHub(loop: loop, history: history, log: log) { notification.status($0) }
            let router = Router(
                token: token, hosts: hosts, hub: hub, history: history, queries: ControlQueries(path: path))
            return NIOLoopBound(WebServer(loop: loop, router: router, hub: hub), eventLoop: loop)
        }.wait()
    }

    /// Listens, and returns hosts and ports as in URLs.
    private func bind(_ server: NIOLoopBound<WebServer>, _ addresses: [SocketAddress]) throws -> [String] {
        var channels: [any Channel] = []
        if passed.isEmpty {
            for address in addresses { try bind(server, address, &channels) }
        } else {
            for descriptor in passed {
                channels.append(try WebServer.bootstrap(server, log: run.log).withBoundSocket(descriptor).wait())
            }
        }
        let all = channels
        try server.eventLoop.submit { for channel in all { server.value.add(channel) } }.wait()
        return channels.compactMap { $0.localAddress?.authority }
    }

    private func bind(
        _ server: NIOLoopBound<WebServer>, _ address: SocketAddress, _ channels: inout [any Channel]
    ) throws {
        var address = address
        // A free port that the first address of `localhost` got is that of the second.
        if address.port == 0, let first = channels.first { address.port = first.localAddress?.port }
        do {
            channels.append(try WebServer.bootstrap(server, log: run.log).bind(to: address).wait())
        } catch let error as IOError {
            // A machine without IPv6.
            if !channels.isEmpty, [EADDRNOTAVAIL, EAFNOSUPPORT].contains(error.errnoCode) { return }
            let name = address.authority ?? listen.host
            let advice =
                switch error.errnoCode {
                case EADDRINUSE: "; another program listens there: end it, or choose another port with --listen"
                case EACCES: "; ports below 1024 need a privilege: choose another one with --listen"
                case EADDRNOTAVAIL: "; this machine does not have that address"
                default: ""
                }
            throw OutletError(.system, "cannot listen at \(name): \(systemMessage(error.errnoCode))\(advice)")
        }
    }

    /// Passes the feed's events to the event loop until a signal comes. It waits for the loop each time: a loop that is
    /// busy slows the feed down, and the daemon then drops estimates.
    private func follow(_ server: NIOLoopBound<WebServer>) {
        // Somebody may be looking at the page.
        let feed = DaemonFeed(path: path, longestWait: 2)
        var isDrained = true
        while true {
            var entries = [pollfd(fd: run.signals.descriptor, events: Int16(POLLIN), revents: 0)]
            if let descriptor = feed.descriptor {
                entries.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
            }
            _ = poll(&entries, nfds_t(entries.count), isDrained ? 1000 : 0)
            // There is nothing to reload, so SIGHUP ends nothing.
            while let signal = run.signals.next() {
                if signal != SIGHUP { return }
            }
            var events: [FeedEvent] = []
            while events.count < Self.batch, let event = feed.next() { events.append(event) }
            isDrained = events.count < Self.batch
            if events.isEmpty { continue }
            let (batch, position) = (events, feed.position)
            guard (try? server.eventLoop.submit { server.value.hub.take(batch, position: position) }.wait()) != nil
            else {
                return
            }
        }
    }
}
