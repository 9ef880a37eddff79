// SPDX-License-Identifier: GPL-3.0-or-later

/// Counts what the looks at a stream have come to (`FormatJudge`). A verdict stands once so many more looks have come to it
/// than not.
struct FormatVotes {
    /// Looks until the judge gives up, and by how many more a verdict has to be the one than not.
    static let looks = 16
    static let majority = 7

    enum Outcome: Equatable {
        case open
        /// A verdict, or nil if none can have the majority any more.
        case decided(FormatJudge.Verdict?)
    }

    private var looksLeft = Self.looks
    /// The verdict that most looks have come to, and by how many more than others.
    private var last: FormatJudge.Verdict?
    private var votes = 0

    /// Counts a look; nil is a look that found nothing wrong.
    mutating func count(_ verdict: FormatJudge.Verdict?) -> Outcome {
        looksLeft -= 1
        if verdict == last {
            votes += 1
        } else if votes > 0 {
            votes -= 1
        } else {
            (last, votes) = (verdict, 1)
        }
        if let last, votes == Self.majority { return .decided(last) }
        // Most streams are what they are said to be: they are done after five looks.
        return looksLeft < fewestLooks ? .decided(nil) : .open
    }

    /// The fewest looks after which a verdict could stand.
    private var fewestLooks: Int { last == nil ? votes + Self.majority : Self.majority - votes }
}
