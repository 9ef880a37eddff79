import Glibc

/// System calls on Unix socket addresses.
enum UnixSocket {
    /// Bytes of the longest path, without the closing zero.
    static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    /// Calls `body` with the address of a path that is not too long. A leading `@` is taken as it stands.
    static func withAddress<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8.prefix(longestPath))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        // An abstract name is as long as it is; a path ends with its zero.
        let isAbstract = bytes.first == 0
        let offset = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: address.sun_path)
        let length = isAbstract ? offset + bytes.count : MemoryLayout<sockaddr_un>.size
        return withUnsafePointer(to: &address) { pointer in
            // A sockaddr_un is one kind of sockaddr; the calls read as many bytes as they are told.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }

    static func open(_ type: __socket_type) -> Int32 {
        socket(AF_UNIX, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    /// Whether somebody accepts connections at a path.
    static func isAnswered(_ path: String) -> Bool {
        let descriptor = open(SOCK_STREAM)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        let result = withAddress(path) { connect(descriptor, $0, $1) }
        // EAGAIN: its queue is full, which says that it lives.
        return result == 0 || errno == EAGAIN || errno == EACCES
    }
}
