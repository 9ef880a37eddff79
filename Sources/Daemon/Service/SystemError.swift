import Glibc

/// The system refused something that is always needed.
struct SystemError: Error, Sendable, CustomStringConvertible {
    /// What is not there because of it.
    var message: String
    var call: String
    var errno: Int32

    init(_ message: String, call: String, errno: Int32 = Glibc.errno) {
        self.message = message
        self.call = call
        self.errno = errno
    }

    var description: String { "\(message): \(String(cString: strerror(errno))) (\(call), error \(errno))" }
}
