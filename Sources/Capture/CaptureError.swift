/// Why something cannot be captured.
public struct CaptureError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        /// The URI is not understood.
        case badURI
        /// No such device, source or file, or no permission.
        case cannotOpen
        /// What is there is not audio, or not audio that can be read.
        case unreadable
        /// The rate, channels or encoding asked for contradict the device or the header.
        case formatMismatch
        /// The device or server went away while it was in use.
        case disconnected
        /// Any other failure of a read.
        case readFailed
    }

    public var code: Code
    /// What happened, where, and what to do, on one line.
    public var message: String
    /// The C function that failed, if one did.
    public var call: String?
    /// Its error number (errno, or the library's own positive code), if it had one.
    public var errno: Int32?

    public init(_ code: Code, _ message: String, call: String? = nil, errno: Int32? = nil) {
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
