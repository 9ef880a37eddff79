/// Why a client did not get what it wanted from the daemon.
public struct ControlError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        /// Nothing is at the path: the daemon is not running, or listens elsewhere.
        case notRunning
        /// The socket is there, but its daemon is gone (or it is no socket at all).
        case refused
        case permissionDenied
        /// The path cannot be a socket's: empty, or longer than the system allows.
        case badPath
        /// The daemon did not take or answer a request in time.
        case timeout
        /// The daemon closed the connection, or died.
        case closed
        /// Who answers speaks another protocol, or another version of it.
        case mismatch
        /// The daemon answered with this error.
        case answered(RPCError)
        /// Any other failure of a system call.
        case failed
    }

    public var code: Code
    /// What happened, where, and what to do, on one line.
    public var message: String
    /// The C function that failed, if one did.
    public var call: String?
    /// Its errno.
    public var errno: Int32?

    init(_ code: Code, _ message: String, call: String? = nil, errno: Int32? = nil) {
        self.code = code
        self.message = message
        self.call = call
        self.errno = errno
    }

    public var description: String {
        guard let call else { return message }
        return "\(message) (\(call)\(errno.map { ", error \($0)" } ?? ""))"
    }
}
