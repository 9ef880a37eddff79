// SPDX-License-Identifier: GPL-3.0-or-later

/// A radio programme for tests: pieces of known genre, announcements and silences, one after another.
package struct Programme: Sendable, Equatable {
    /// The content of one part.
    package enum Content: Sendable, Equatable {
        case music(Genre, seed: UInt64)
        /// An announcement, in English.
        case speech(String)
        case silence
    }

    /// One part and its place in the programme.
    package struct Part: Sendable, Equatable {
        package let content: Content
        /// The beginning of the part, in seconds from the beginning of the programme.
        package let start: Double
        package let seconds: Double

        package var end: Double { start + seconds }

        /// The right label: a genre, `speech` or `silence`.
        package var label: String {
            switch content {
            case .music(let genre, _): genre.rawValue
            case .speech: "speech"
            case .silence: "silence"
            }
        }
    }

    package let parts: [Part]

    /// The length in seconds.
    package var seconds: Double { parts.last?.end ?? 0 }

    /// - Parameter script: The contents and their lengths in seconds, in order.
    package init(_ script: [(content: Content, seconds: Double)]) {
        var start = 0.0
        parts = script.map { entry in
            defer { start += entry.seconds }
            return Part(content: entry.content, start: start, seconds: entry.seconds)
        }
    }

    /// Returns the part at a time in seconds; nil outside the programme.
    package func part(at time: Double) -> Part? { parts.first { $0.start <= time && time < $0.end } }

    /// The demonstration's programme, of two minutes.
    package static let demo = Programme([
        (.music(.classical, seed: 1), 18),
        (
            .speech(
                "You are listening to a programme that nobody broadcasts. "
                    + "Next, a little jazz, from a band that does not exist."), 8
        ),
        (.music(.jazz, seed: 1), 18),
        (.silence, 5),
        (.music(.metal, seed: 1), 18),
        (.music(.disco, seed: 1), 18),
        (
            .speech(
                "That was loud, and then it was disco. To close, something from an island. "
                    + "Thank you, and good night."), 8
        ),
        (.music(.reggae, seed: 1), 18),
    ])
}
