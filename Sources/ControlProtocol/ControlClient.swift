// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// A client of the control socket that waits for its answers. It uses nothing but system calls and starts at once.
///
/// Not Sendable: one thread at a time uses a client.
package final class ControlClient {
    /// The longest line taken from the daemon, in bytes: 10 000 changes need 3 MB.
    static let longestLine = 16 * 1024 * 1024

    private let stream: UnixStream
    private let timeout: Duration
    private var splitter = LineSplitter(limit: ControlClient.longestLine)
    private var lines: [LineSplitter.Item] = []
    private var notifications: [Notification] = []
    private var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    private var lastID: Int64 = 0

    /// Connects and makes sure that who answers is a genred of this protocol's version.
    ///
    /// - Parameters:
    ///   - path: of the socket.
    ///   - timeout: how long to wait to be connected, and later for each answer.
    package init(path: String = SocketPath.find(), timeout: Duration = .seconds(5)) throws(ControlError) {
        self.timeout = timeout
        stream = try UnixStream(path: path, deadline: .now + timeout)
        let version = try call(.describe, returning: ProtocolVersion.self).protocolVersion
        guard version == protocolVersion else {
            throw ControlError(
                .mismatch,
                "genred at \(path) speaks version \(version) of the protocol, this client version \(protocolVersion); "
                    + "use a client and a daemon of the same release")
        }
    }

    /// For `poll` and its like: readable when `nextNotification` may have something new.
    package var fileDescriptor: Int32 { stream.descriptor }

    package var path: String { stream.path }

    /// Sends one request and waits for its answer. Notifications that come in between are kept for later.
    package func call<Result: Decodable>(
        _ call: ControlCall, returning type: Result.Type = Result.self
    ) throws(ControlError) -> Result {
        let deadline = ContinuousClock.now + timeout
        lastID += 1
        guard let line = try? Request(id: .integer(lastID), call: call).line() else {
            throw ControlError(.failed, "the request cannot be written as JSON: a number in it is not finite")
        }
        do {
            try stream.send(line, deadline: deadline)
        } catch let error where error.code == .closed {
            // A daemon that has too many clients says so and hangs up before anything was asked.
            _ = try? stream.receive(into: &buffer) { splitter.append($0) { lines.append($0) } }
            if lines.isEmpty { throw error }
        }
        while true {
            guard let line = try nextLine(deadline: deadline) else {
                let seconds = timeout / .seconds(1)
                throw ControlError(.timeout, "genred at \(path) did not answer within \(seconds) s")
            }
            switch try read(Incoming.self, from: line) {
            case .notification(let notification): notifications.append(notification)
            case .unknown: break
            case .failure(let id, let error) where id == .integer(lastID) || id == .null:
                throw ControlError(.answered(error), error.message)
            case .result(.integer(lastID)): return try read(Answer<Result>.self, from: line).result
            case .failure, .result: throw foreign("an answer to what was not asked")
            }
        }
    }

    /// The next notification, after `subscribe`; nil when none came in time (at once, with a timeout of zero).
    ///
    /// - Throws: `closed` when the daemon is gone and all that it had sent was taken.
    package func nextNotification(timeout: Duration = .zero) throws(ControlError) -> Notification? {
        if !notifications.isEmpty { return notifications.removeFirst() }
        let deadline = ContinuousClock.now + timeout
        while let line = try nextLine(deadline: deadline) {
            switch try read(Incoming.self, from: line) {
            case .notification(let notification): return notification
            case .unknown: continue
            case .failure(_, let error): throw ControlError(.answered(error), error.message)
            case .result: throw foreign("an answer to what was not asked")
            }
        }
        return nil
    }

    /// The next complete line; nil when it did not come in time.
    private func nextLine(deadline: ContinuousClock.Instant) throws(ControlError) -> [UInt8]? {
        while lines.isEmpty {
            let arrived = try stream.receive(into: &buffer) { bytes in
                splitter.append(bytes) { lines.append($0) }
            }
            if !arrived, try !stream.wait(for: POLLIN, deadline: deadline) { return nil }
        }
        switch lines.removeFirst() {
        case .line(let line): return line
        case .overlong: throw foreign("a line over \(Self.longestLine) bytes")
        }
    }

    private func read<Value: Decodable>(_ type: Value.Type, from line: [UInt8]) throws(ControlError) -> Value {
        do {
            return try JSON.decode(type, from: line)
        } catch {
            throw foreign(error.message)
        }
    }

    private func foreign(_ what: String) -> ControlError {
        ControlError(.mismatch, "what listens at \(path) does not speak genred's protocol (\(what))")
    }
}

/// All of a description that every version must keep.
private struct ProtocolVersion: Decodable {
    let protocolVersion: Int
}
