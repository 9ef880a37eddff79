// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import NIOCore

/// Who is connected to the control socket.
extension Hub {
    /// How long a client may take to read what is left for it when the daemon stops.
    private static let farewell = TimeAmount.milliseconds(250)

    /// How long a client may take to ask and go when the daemon stops, in seconds.
    private static let lastQuestions = 0.25

    func disconnect(_ client: Client) {
        connections.remove(client)
        subscribers[client] = nil
    }

    /// Lets those who only came to ask do so, for a moment: who has just connected when the daemon stops gets an answer
    /// from it, and who connects later to a passed socket one from the next daemon.
    func awaitLastQuestions() async {
        let deadline = monotonicSeconds() + Self.lastQuestions
        while monotonicSeconds() < deadline, connections.contains(where: { subscribers[$0] == nil }) {
            try? await loop.scheduleTask(in: .milliseconds(5)) {}.futureResult.get()
        }
    }

    /// Closes every connection, after what was written to it was sent or it did not read for a moment.
    func closeConnections() async {
        let closing = connections.compactMap { $0.connection.close() }
        let impatience = loop.scheduleTask(in: Self.farewell) {
            self.assumeIsolated { hub in
                for client in hub.connections { client.connection.abort() }
            }
        }
        try? await EventLoopFuture.andAllComplete(closing, on: loop).get()
        impatience.cancel()
    }
}
