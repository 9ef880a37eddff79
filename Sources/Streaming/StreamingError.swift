/// Why a stream cannot be analysed.
public struct StreamingError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        /// A sample rate outside 8 000 to 192 000 Hz.
        case unsupportedRate
        /// A C library refused to set up.
        case libraryFailed
        /// A parameter is impossible.
        case badParameter
    }

    public var code: Code
    public var message: String
    /// The C function that failed, if one did.
    public var call: String?

    public init(_ code: Code, _ message: String, call: String? = nil) {
        self.code = code
        self.message = message
        self.call = call
    }

    public var description: String { call.map { "\(message) (\($0))" } ?? message }
}
