// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import NIOCore

/// The end of the control socket's connections when the daemon stops.
extension Hub {
    /// How long a client may take to read what was written to it.
    private static let farewell = TimeAmount.milliseconds(250)

    /// How long a client that has just connected may take to send its request, in seconds.
    private static let lastQuestions = 0.25

    /// Waits a moment for the requests of clients that have just connected: they get their answer from this daemon, and
    /// those who connect later to a passed socket get one from the next.
    func awaitLastQuestions() async {
        let deadline = monotonicSeconds() + Self.lastQuestions
        while monotonicSeconds() < deadline, !clients.areAllSubscribed {
            try? await loop.scheduleTask(in: .milliseconds(5)) {}.futureResult.get()
        }
    }

    /// Closes every connection once what was written to it has been sent, or the client has not read for a moment.
    func closeConnections() async {
        let closing = clients.close()
        let abort = loop.scheduleTask(in: Self.farewell) { self.assumeIsolated { $0.clients.abort() } }
        try? await EventLoopFuture.andAllComplete(closing, on: loop).get()
        abort.cancel()
    }
}
