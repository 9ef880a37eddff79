// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// The time for which one label was published for a source.
struct Span: Equatable {
    var source: String
    var start: Timestamp
    var end: Timestamp
    var label: String
    /// The confidence in the label when it began; nil where that is not known, and for a state that has none.
    var confidence: Double?
    /// What was playing when the label began, as far as the source or a client said so.
    var title: String?
    /// The `seq` of the change that began the label; nil where that is not known.
    var seq: Int?

    /// The span without the time before `beginning`; nil if nothing is left.
    func cut(at beginning: Timestamp?) -> Span? {
        guard let beginning, start < beginning else { return self }
        guard end > beginning else { return nil }
        var cut = self
        cut.start = beginning
        return cut
    }

    /// Whether a confidence says something about the label: silence, for one, is a matter of the level.
    static func hasConfidence(_ label: String) -> Bool {
        switch EstimateState(rawValue: label) {
        case .silence, .starting, .noSignal: false
        case .genre, .unsure, .noMusic, nil: true
        }
    }
}
