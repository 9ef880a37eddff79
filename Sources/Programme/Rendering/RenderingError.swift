/// Why a piece or a programme cannot be heard.
public struct RenderingError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        /// A program that is needed is not installed.
        case programMissing
        /// There is no sound font.
        case soundFontMissing
        /// A program failed, or did not give what it should.
        case programFailed
        /// A file cannot be read or written.
        case fileFailed
    }

    public var code: Code
    /// What happened, where, and what to do, on one line.
    public var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
