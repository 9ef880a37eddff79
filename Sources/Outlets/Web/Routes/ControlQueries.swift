// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import NIOCore
import NIOPosix

/// Asks the daemon on a thread of its own, one question after the other, so that neither the event loop nor a feed waits
/// for the answers.
final class ControlQueries: Sendable {
    private let pool = NIOThreadPool(numberOfThreads: 1)
    private let connection: Connection

    init(path: String) {
        connection = Connection(path: path)
        pool.start()
    }

    /// Runs `body` with a client that is connected. The future fails with a `ControlError`.
    func ask<Answer: Sendable>(
        on loop: any EventLoop, _ body: @escaping @Sendable (ControlClient) throws -> Answer
    ) -> EventLoopFuture<Answer> {
        let asked = monotonicSeconds()
        return pool.runIfActive(eventLoop: loop) { [connection] in try connection.ask(asked: asked, body) }
    }

    private final class Connection: @unchecked Sendable {
        // Safe to share: only the pool's one thread uses it.
        private let path: String
        private var client: ControlClient?
        private var failure: (time: Double, error: ControlError)?

        init(path: String) { self.path = path }

        func ask<Answer>(asked: Double, _ body: (ControlClient) throws -> Answer) throws -> Answer {
            // A daemon that hangs costs one question its 5 s. Those that wait behind it fail with it.
            if let failure, asked <= failure.time { throw failure.error }
            let isReused = client != nil
            do {
                return try attempt(body)
            } catch let error as ControlError {
                if case .answered(let answer) = error.code, answer.code != .tooManyClients, answer.code != .notStarted {
                    throw error
                }
                client = nil
                // The daemon has restarted since the last question.
                if isReused, error.code == .closed, let answer = try? attempt(body) { return answer }
                failure = (monotonicSeconds(), error)
                throw error
            }
        }

        private func attempt<Answer>(_ body: (ControlClient) throws -> Answer) throws -> Answer {
            let client = try self.client ?? ControlClient(path: path)
            self.client = client
            return try body(client)
        }
    }
}
