import Foundation

/// Why something cannot be learned from, or what was learned not kept.
public struct TrainingError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        /// A file or folder cannot be opened or read.
        case cannotRead
        /// A file or folder cannot be written.
        case cannotWrite
        /// The bytes are not what the file should hold.
        case malformed
        /// A file of the right kind whose contents cannot be used here.
        case unsupported
        /// Options or data that contradict each other.
        case badParameter
        /// The loss is no number any more.
        case diverged
    }

    public var code: Code
    /// What happened, where, and what to do, on one line.
    public var message: String
    /// The C function that failed, if one did.
    public var call: String?
    /// Its errno, if it had one.
    public var errno: Int32?

    public init(_ code: Code, _ message: String, call: String? = nil, errno: Int32? = nil) {
        self.code = code
        self.message = message
        self.call = call
        self.errno = errno
    }

    public var description: String {
        guard let call else { return message }
        return "\(message) (\(call)\(errno.map { ", errno \($0)" } ?? ""))"
    }
}
