/// Why a model cannot be used.
public struct ModelError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        /// The file cannot be opened or read.
        case cannotRead
        /// The file cannot be written.
        case cannotWrite
        /// The bytes are not a safetensors file.
        case malformed
        /// A safetensors file, but not a model that this version can run.
        case unsupported
        /// Tensors are missing, superfluous, of the wrong shape, or hold numbers that are not finite.
        case badTensor
    }

    public var code: Code
    /// What is wrong, where, on one line.
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
