// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// A synchronous client of the control socket. It needs only system calls, so it starts at once.
///
/// It is not Sendable: only one thread at a time may use a client.
package final class ControlClient {
    /// The longest line accepted from the daemon, in bytes. A history of 10 000 changes takes 1.5 MB.
    static let longestLine = 16 * 1024 * 1024

    private let connection: UnixConnection
    private let timeout: Duration
    private var splitter = LineSplitter(limit: ControlClient.longestLine)
    private var lines: [LineSplitter.Item] = []
    private var notifications: [Notification] = []
    private var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    private var lastID: Int64 = 0

    /// Connects, and checks that a genred with this version of the protocol answers.
    ///
    /// - Parameters:
    ///   - path: The path of the socket.
    ///   - timeout: How long to wait for the connection, and later for each response.
    package init(path: String = SocketPath.find(), timeout: Duration = .seconds(5)) throws(ControlError) {
        self.timeout = timeout
        connection = try UnixConnection(path: path, deadline: .now + timeout)
        let version = try call(.describe, returning: ProtocolVersion.self).protocolVersion
        guard version == protocolVersion else {
            throw ControlError(
                .mismatch,
                "genred at \(path) uses version \(version) of the control protocol, this client version "
                    + "\(protocolVersion); install both from the same release")
        }
    }

    /// The descriptor to poll: it is readable when `nextNotification` may return something.
    package var fileDescriptor: Int32 { connection.descriptor }

    package var path: String { connection.path }

    /// Sends one request and waits for its response. Notifications that arrive first are kept for `nextNotification`.
    package func call<Result: Decodable>(
        _ call: ControlCall, returning type: Result.Type = Result.self
    ) throws(ControlError) -> Result {
        let deadline = ContinuousClock.now + timeout
        lastID += 1
        guard let line = try? Request(id: .integer(lastID), call: call).line() else {
            throw ControlError(.failed, "cannot write the request as JSON: it contains a number that is not finite")
        }
        do {
            try connection.send(line, deadline: deadline)
        } catch let error where error.code == .closed {
            // A daemon that has too many clients sends an error and closes the connection before it reads a request.
            _ = try? connection.receive(into: &buffer) { splitter.process($0) { lines.append($0) } }
            if lines.isEmpty { throw error }
        }
        while true {
            guard let line = try nextLine(deadline: deadline) else {
                let limit = DurationText.text(timeout / .seconds(1))
                throw ControlError(.timeout, "genred at \(path) did not answer within \(limit)")
            }
            switch try read(Incoming.self, from: line) {
            case .notification(let notification): notifications.append(notification)
            case .unknown: break
            case .failure(let id, let error) where id == .integer(lastID) || id == .null:
                throw ControlError(.answered(error), error.message)
            case .result(.integer(lastID)): return try read(SuccessfulResponse<Result>.self, from: line).result
            case .failure, .result: throw mismatch("an unexpected response")
            }
        }
    }

    /// Returns the next notification after `subscribe`; nil when none arrives in time. A timeout of zero does not wait.
    ///
    /// - Throws: `closed` when the daemon has closed the connection and everything that it sent has been returned.
    package func nextNotification(timeout: Duration = .zero) throws(ControlError) -> Notification? {
        if !notifications.isEmpty { return notifications.removeFirst() }
        let deadline = ContinuousClock.now + timeout
        while let line = try nextLine(deadline: deadline) {
            switch try read(Incoming.self, from: line) {
            case .notification(let notification): return notification
            case .unknown: continue
            case .failure(_, let error): throw ControlError(.answered(error), error.message)
            case .result: throw mismatch("an unexpected response")
            }
        }
        return nil
    }

    /// Returns the next complete line; nil when none arrives in time.
    private func nextLine(deadline: ContinuousClock.Instant) throws(ControlError) -> [UInt8]? {
        while lines.isEmpty {
            let arrived = try connection.receive(into: &buffer) { bytes in
                splitter.process(bytes) { lines.append($0) }
            }
            if !arrived, try !connection.wait(for: POLLIN, deadline: deadline) { return nil }
        }
        switch lines.removeFirst() {
        case .line(let line): return line
        case .overlong: throw mismatch("a line of more than \(Self.longestLine) bytes")
        }
    }

    private func read<Value: Decodable>(_ type: Value.Type, from line: [UInt8]) throws(ControlError) -> Value {
        do {
            return try JSON.decode(type, from: line)
        } catch {
            throw mismatch(error.message)
        }
    }

    private func mismatch(_ reason: String) -> ControlError {
        ControlError(.mismatch, "the program that listens at \(path) does not speak genred's protocol (\(reason))")
    }
}

/// The part of a description that every version of the protocol has.
private struct ProtocolVersion: Decodable {
    let protocolVersion: Int
}
