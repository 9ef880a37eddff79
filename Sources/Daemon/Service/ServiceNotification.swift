import ControlProtocol
import Glibc

/// What the service manager is told (sd_notify(3)): a datagram to the socket it names. Without one nothing happens.
struct ServiceNotification: Sendable {
    private let path: String?

    /// - Parameter path: the value of NOTIFY_SOCKET; an `@` in front stands for an abstract name.
    init(path: String? = SocketPath.variable("NOTIFY_SOCKET")) {
        self.path = path.map { $0.hasPrefix("@") ? "\0" + $0.dropFirst() : $0 }
    }

    func ready(_ status: String) { send("READY=1\nSTATUS=\(status)") }

    func reloading() { send("RELOADING=1\nMONOTONIC_USEC=\(monotonicNanoseconds() / 1000)") }

    func stopping() { send("STOPPING=1") }

    private func send(_ message: String) {
        guard let path, path.utf8.count <= UnixSocket.longestPath else { return }
        let descriptor = UnixSocket.open(SOCK_DGRAM)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array(message.utf8)
        // Nobody can be told that the service manager does not listen.
        _ = UnixSocket.withAddress(path) { address, length in
            sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, length)
        }
    }
}
