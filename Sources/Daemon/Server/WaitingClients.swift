// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Glibc

/// Clients that connected to a socket of the service manager's while the daemon failed to start.
enum WaitingClients {
    /// Sends each of them the error and disconnects it. If they were left waiting, the service manager would start the
    /// daemon again for them, at once and as often as its limits allow.
    static func refuse(on descriptors: Range<Int32>, _ error: StartError) {
        let message = "genred cannot start: \(error.lines.joined(separator: "; "))"
        let line = Response.line(id: .null, error: RPCError(.notStarted, message))
        for descriptor in descriptors {
            let flags = fcntl(descriptor, F_GETFL)
            guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 else { continue }
            // More clients than can wait.
            for _ in 0..<4096 {
                let client = accept(descriptor, nil, nil)
                guard client >= 0 else { break }
                answer(client, line)
            }
            // The service manager keeps the socket, so its flags are restored.
            _ = fcntl(descriptor, F_SETFL, flags)
        }
    }

    private static func answer(_ client: Int32, _ line: [UInt8]) {
        defer { close(client) }
        _ = fcntl(client, F_SETFL, O_NONBLOCK)
        // Its request may be on its way. It is read first: otherwise the close would reset the connection, and the client
        // could not read the error.
        var poller = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
        _ = poll(&poller, 1, 100)
        var buffer = [UInt8](repeating: 0, count: 4096)
        while read(client, &buffer, buffer.count) == buffer.count {}
        _ = send(client, line, line.count, Int32(MSG_NOSIGNAL))
    }
}
