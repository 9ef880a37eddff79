// SPDX-License-Identifier: GPL-3.0-or-later

/// How much history is kept, and where.
package struct HistorySettings: Sendable, Equatable {
    /// The path of the database; nil to keep the history only in memory.
    package var path: String?
    /// Whether the path was configured: then a warning is logged if nothing can be kept there.
    package var isChosen: Bool
    /// Seconds that a change is kept.
    package var keep: Double
    /// The most changes of each source that are kept.
    package var limit: Int

    package init(path: String? = nil, isChosen: Bool = true, keep: Double = 90 * 86_400, limit: Int = 20_000) {
        self.path = path
        self.isChosen = isChosen
        self.keep = keep
        self.limit = limit
    }

    /// The most changes of all sources together that are kept without a file: about ten megabytes.
    static let mostInMemory = 100_000
}
