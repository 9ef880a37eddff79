// SPDX-License-Identifier: GPL-3.0-or-later

/// How much history is kept, and where.
package struct HistorySettings: Sendable, Equatable {
    /// The database; nil for memory alone.
    package var path: String?
    /// Whether somebody chose the path: then it is a warning when nothing can be kept there.
    package var isChosen: Bool
    /// Seconds that a change is kept.
    package var keep: Double
    /// Changes of each source that are kept.
    package var limit: Int

    package init(path: String? = nil, isChosen: Bool = true, keep: Double = 90 * 86_400, limit: Int = 20_000) {
        self.path = path
        self.isChosen = isChosen
        self.keep = keep
        self.limit = limit
    }

    /// Changes of all sources together that are kept where there is no file: about ten megabytes.
    static let mostInMemory = 100_000
}
