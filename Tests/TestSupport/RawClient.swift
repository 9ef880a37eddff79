// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Glibc

/// A client of the control socket that can misbehave: it sends bytes and receives lines.
///
/// Safe to share: one test uses it, one call at a time.
package final class RawClient: @unchecked Sendable {
    package let descriptor: Int32
    private var buffer: [UInt8] = []
    /// The start of the next line in `buffer`.
    private var start = 0

    package struct NotConnected: Error { package var errno: Int32 }

    package init(_ path: String) throws {
        descriptor = UnixSocket.open(SOCK_STREAM)
        let descriptor = descriptor
        guard UnixSocket.withAddress(path, { connect(descriptor, $0, $1) }) == 0 else {
            throw NotConnected(errno: errno)
        }
    }

    deinit { Glibc.close(descriptor) }

    /// Sends everything, and returns false when the other side has closed or reads nothing for `patience`.
    @discardableResult
    package func send(_ bytes: some Sequence<UInt8>, patience: Duration = .seconds(20)) async -> Bool {
        let bytes = Array(bytes)
        var sent = 0
        var deadline = ContinuousClock.now + patience
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count > 0 {
                sent += count
                deadline = .now + patience
            } else {
                guard errno == EAGAIN, await pause(before: deadline) else { return false }
            }
        }
        return true
    }

    package func send(line: String) async { await send((line + "\n").utf8) }

    package func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next line without its newline; nil at the end or if none comes within `patience`.
    package func line(patience: Duration = .seconds(20)) async -> String? {
        let deadline = ContinuousClock.now + patience
        while true {
            if let newline = buffer[start...].firstIndex(of: 10) {
                defer { start = newline + 1 }
                return String(decoding: buffer[start..<newline], as: UTF8.self)
            }
            buffer.removeSubrange(..<start)
            start = 0
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            if count > 0 {
                buffer.append(contentsOf: bytes[..<count])
            } else {
                guard count < 0, errno == EAGAIN, await pause(before: deadline) else { return nil }
            }
        }
    }

    /// The next line as JSON.
    package func object(patience: Duration = .seconds(20)) async throws -> [String: Any]? {
        guard let line = await line(patience: patience) else { return nil }
        return try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    }

    /// Sends a request and waits for the line of the answer.
    package func ask(_ method: String, id: Int = 1, params: String? = nil) async throws -> [String: Any]? {
        let members = params.map { #","params":\#($0)"# } ?? ""
        await send(line: #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)"\#(members)}"#)
        return try await object()
    }

    /// Whether the other side has closed, after all lines are read.
    package func isClosed() async -> Bool {
        while await line() != nil {}
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT)) == 0 || errno == ECONNRESET
    }

    /// Waits a moment without blocking the thread; false when there is no time left.
    private func pause(before deadline: ContinuousClock.Instant) async -> Bool {
        guard ContinuousClock.now < deadline else { return false }
        try? await Task.sleep(for: .milliseconds(1))
        return true
    }
}

extension [String: Any] {
    /// The code of a response's error.
    package var errorCode: Int? { (self["error"] as? [String: Any])?["code"] as? Int }
    package var errorMessage: String? { (self["error"] as? [String: Any])?["message"] as? String }
    package var result: [String: Any]? { self["result"] as? [String: Any] }
    package var params: [String: Any]? { self["params"] as? [String: Any] }
}
