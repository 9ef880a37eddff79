// SPDX-License-Identifier: GPL-3.0-or-later

/// Counts what the looks at a stream have come to (`FormatJudge`). Looks that disagree cancel each other, and a verdict stands
/// when it has enough looks that are not cancelled.
struct FormatVotes {
    /// Looks after which the judge gives up.
    static let looks = 16
    /// How many of its looks that are not cancelled a verdict needs.
    static let majority = 7

    enum Outcome: Equatable {
        case open
        /// A verdict, or nil if none can stand any more.
        case decided(FormatJudge.Verdict?)
    }

    private var looksToCome = Self.looks
    /// The verdict that is ahead, nil for "nothing wrong", and how many of its looks are not cancelled.
    private var leader: FormatJudge.Verdict?
    private var lead = 0

    /// Counts a look; nil is a look that found nothing wrong.
    mutating func count(_ verdict: FormatJudge.Verdict?) -> Outcome {
        looksToCome -= 1
        if verdict == leader {
            lead += 1
        } else if lead > 0 {
            lead -= 1
        } else {
            (leader, lead) = (verdict, 1)
        }
        if let leader, lead == Self.majority { return .decided(leader) }
        // Most streams are what they are said to be: they are done after five looks.
        return looksToCome < fewestLooks ? .decided(nil) : .open
    }

    /// The fewest looks after which a verdict could stand.
    private var fewestLooks: Int { leader == nil ? lead + Self.majority : Self.majority - lead }
}
