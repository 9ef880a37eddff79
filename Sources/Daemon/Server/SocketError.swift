import Glibc

/// Why there is no control socket.
struct SocketError: Error, Sendable, CustomStringConvertible {
    enum Code: Sendable, Equatable {
        /// Another daemon answers at the path.
        case inUse
        /// The path cannot be a socket's, or something else is there.
        case badPath
        /// No such group, or no permission to give the socket to it.
        case badGroup
        /// What the service manager passed is no listening Unix socket.
        case badDescriptor
        /// The system refused.
        case cannotCreate
    }

    var code: Code
    /// What happened, where, and what to do, on one line.
    var message: String
    var call: String?
    var errno: Int32?

    init(_ code: Code, _ message: String, call: String? = nil, errno: Int32? = nil) {
        self.code = code
        self.message = message
        self.call = call
        self.errno = errno
    }

    /// A system call's failure, from errno.
    static func failed(_ doing: String, call: String, hint: String = "") -> SocketError {
        let code = Glibc.errno
        return SocketError(
            .cannotCreate, "cannot \(doing): \(String(cString: strerror(code)))\(hint)", call: call, errno: code)
    }

    var description: String {
        guard let call else { return message }
        return "\(message) (\(call)\(errno.map { ", error \($0)" } ?? ""))"
    }
}
