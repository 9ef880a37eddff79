/// How much history is kept, and where.
public struct HistorySettings: Sendable, Equatable {
    /// The database; nil for memory alone.
    public var path: String?
    /// Whether somebody chose the path: then it is a warning when nothing can be kept there.
    public var isChosen: Bool
    /// Seconds that a change is kept.
    public var keep: Double
    /// Changes of each source that are kept.
    public var limit: Int

    public init(path: String? = nil, isChosen: Bool = true, keep: Double = 90 * 86_400, limit: Int = 20_000) {
        self.path = path
        self.isChosen = isChosen
        self.keep = keep
        self.limit = limit
    }

    /// Changes of all sources together that are kept where there is no file: about ten megabytes.
    static let mostInMemory = 100_000
}
