import NIOCore

/// Who is connected to the control socket.
extension Hub {
    /// How long a client may take to read what is left for it when the daemon stops.
    private static let farewell = TimeAmount.milliseconds(250)

    func disconnect(_ client: Client) {
        connections.remove(client)
        subscribers[client] = nil
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
