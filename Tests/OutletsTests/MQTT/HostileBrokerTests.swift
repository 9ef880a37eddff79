// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Synchronization
import TestSupport
import Testing

/// What listens at the broker's address and is none.
@Suite(.timeLimit(.minutes(3))) struct HostileBrokerTests {
    /// Accepts connections and answers each with bytes, until `end`.
    private final class Server: Sendable {
        let port: Int
        let accepted = Atomic<Int>(0)
        private let descriptor: Int32
        private let isEnded = Atomic<Bool>(false)

        init(closes: Bool, _ answer: @escaping @Sendable (Int) -> [UInt8]) throws {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            // A sockaddr_in is one kind of sockaddr.
            let result = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
                }
            }
            try #require(result == 0 && listen(descriptor, 16) == 0)
            self.descriptor = descriptor
            port = Int(UInt16(bigEndian: address.sin_port))
            Thread.detachNewThread { [self] in
                var open: [Int32] = []
                while !isEnded.load(ordering: .relaxed) {
                    let peer = accept(descriptor, nil, nil)
                    guard peer >= 0 else { break }
                    let number = accepted.add(1, ordering: .relaxed).newValue
                    let bytes = answer(number)
                    _ = bytes.withUnsafeBytes { send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                    if closes { close(peer) } else { open.append(peer) }
                }
                for peer in open { close(peer) }
            }
        }

        func end() {
            isEnded.store(true, ordering: .relaxed)
            shutdown(descriptor, Int32(SHUT_RDWR))
            close(descriptor)
        }
    }

    private func expectPatience(_ server: Server, saying text: String, seconds: Double = 6) async throws {
        defer { server.end() }
        let daemon = try await FedDaemon()
        let outlet = try MQTTProcess(daemon, "--broker mqtt://127.0.0.1:\(server.port) --node n")
        #expect(await eventually(within: 40) { outlet.log.contains(text) }, "\(outlet.log)")
        try await Task.sleep(for: .seconds(seconds))
        #expect(outlet.process.isRunning, "\(outlet.log)")
        #expect(outlet.processorTime < 2, "it spins")
        #expect(server.accepted.load(ordering: .relaxed) < 10)
        #expect(await outlet.stop() == 0)
    }

    @Test func `a server that closes at once is tried again, slower each time`() async throws {
        try await expectPatience(Server(closes: true) { _ in [] }, saying: "closed the connection")
    }

    @Test func `a server that speaks something else is said to`() async throws {
        try await expectPatience(
            Server(closes: true) { _ in Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8) }, saying: "trying again")
    }

    @Test func `a server that says nothing is given up`() async throws {
        try await expectPatience(Server(closes: false) { _ in [] }, saying: "does not answer", seconds: 1)
    }

    @Test func `another version of the protocol is said to`() async throws {
        try await expectPatience(Server(closes: true) { _ in [0x20, 2, 0, 1] }, saying: "does not speak MQTT 3.1.1")
    }

    @Test func `rubbish does not end it`() async throws {
        try await expectPatience(
            Server(closes: false) { number in
                var random = SplitMix(state: UInt64(number))
                // Half of them begin as a broker that accepts.
                return (number % 2 == 0 ? [0x20, 2, 0, 0] : [])
                    + (0..<300).map { _ in UInt8.random(in: 0...255, using: &random) }
            }, saying: "trying again", seconds: 10)
    }
}
