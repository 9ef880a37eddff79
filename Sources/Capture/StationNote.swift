// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// One thing that a station says, of itself or of what it plays.
package enum StationNote: Sendable, Equatable {
    /// What is playing; nil if nothing is said to be.
    case title(String?)
    /// What the station does, and more about it for people.
    case state(StationState, detail: String?)

    /// Reads an untrusted line, such as `{"title": "…"}` or `{"state": "reconnecting", "detail": "…"}`. Returns its text
    /// clean and cut (`Title.clean`).
    static func read(_ line: [UInt8]) throws(JSONError) -> [StationNote] {
        try JSON.decode(Line.self, from: line).notes
    }

    private struct Line: Decodable {
        private enum Key: String, CodingKey {
            case title, state, detail
        }

        var notes: [StationNote] = []

        init(from decoder: any Decoder) throws {
            let line = try decoder.container(keyedBy: Key.self)
            let title = try line.decodeIfPresent(String.self, forKey: .title)
            let state = try line.decodeIfPresent(StationState.self, forKey: .state)
            let detail = try line.decodeIfPresent(String.self, forKey: .detail)
            if let state { notes.append(.state(state, detail: detail.flatMap(Title.clean))) }
            // A title of null is one that has ended.
            if line.contains(.title) { notes.append(.title(title.flatMap(Title.clean))) }
            if notes.isEmpty { throw JSON.refusal(decoder, "it has neither a title nor a state") }
        }
    }
}
