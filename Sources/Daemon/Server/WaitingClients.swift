// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Glibc

/// Those who connected to a socket that the service manager listens on while the daemon does not come up.
enum WaitingClients {
    /// Tells each of them why, and lets them go. If they were left waiting, the service manager would start the daemon
    /// again for them, at once and as often as it is allowed to.
    static func refuse(on descriptors: Range<Int32>, _ error: StartError) {
        let message = "genred does not start: \(error.lines.joined(separator: "; "))"
        let line = Response.line(id: .null, error: RPCError(.notStarted, message))
        for descriptor in descriptors {
            let flags = fcntl(descriptor, F_GETFL)
            guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 else { continue }
            // More than can wait.
            for _ in 0..<4096 {
                let client = accept(descriptor, nil, nil)
                guard client >= 0 else { break }
                answer(client, line)
            }
            // The service manager keeps the socket, and how it is.
            _ = fcntl(descriptor, F_SETFL, flags)
        }
    }

    private static func answer(_ client: Int32, _ line: [UInt8]) {
        defer { close(client) }
        _ = fcntl(client, F_SETFL, O_NONBLOCK)
        // Its question, which is on its way, so that it does not fail before it can read why nobody answers it.
        var poller = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
        _ = poll(&poller, 1, 100)
        var buffer = [UInt8](repeating: 0, count: 4096)
        while read(client, &buffer, buffer.count) == buffer.count {}
        _ = send(client, line, line.count, Int32(MSG_NOSIGNAL))
    }
}
