// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Foundation
import History
import Logging
import TestSupport

/// Changes that happened in the last 24 hours, written into a daemon's history before it starts.
enum PastDay {
    struct Span {
        var label: String
        var seconds: Double
    }

    /// Labels that take turns at even distances.
    static func even(_ count: Int) -> [Span] {
        let labels = ["jazz", "blues", "silence", "rock", "unsure", "pop"]
        return (0...count).map { Span(label: labels[$0 % labels.count], seconds: 86_000 / Double(count)) }
    }

    /// What a radio might play: a few genres, each for a while, and speech between them.
    static func likely(seed: UInt64) -> [Span] {
        var random = SplitMix(state: seed)
        let favourites = ["jazz", "blues", "reggae", "classical", "rock", "hiphop", "disco", "country", "pop", "metal"]
            .shuffled(using: &random)
        var spans: [Span] = []
        var total = 0.0
        while total < 85_000 {
            let rank = Int.random(in: 0...3, using: &random) * Int.random(in: 0...3, using: &random)
            let others = Int.random(in: 0..<6, using: &random) == 0 ? ["unsure", "silence"] : ["no-music"]
            let label = spans.count % 3 == 2 ? others.randomElement(using: &random) ?? "" : favourites[rank]
            guard label != spans.last?.label else { continue }
            let minutes =
                spans.count % 3 == 2 ? Double.random(in: 1...6, using: &random) : .random(in: 6...50, using: &random)
            spans.append(Span(label: label, seconds: minutes * 60))
            total += minutes * 60
        }
        return spans
    }

    /// Writes spans that follow each other, the last of them ended a minute ago by `stopped`.
    static func write(spans: [Span], of source: String, to path: String) async throws {
        let history = History(HistorySettings(path: path), log: Logger(label: "past") { _ in LogRecorder() })
        await history.open()
        let now = Date().timeIntervalSince1970
        let clock = monotonicSeconds()
        var age = 60 + spans.reduce(0) { $0 + $1.seconds }
        for (index, span) in spans.enumerated() {
            let began = Timestamp(milliseconds: Int64((now - age) * 1000))
            age -= span.seconds
            let ended = Timestamp(milliseconds: Int64((now - age) * 1000))
            let next = index + 1 < spans.count ? spans[index + 1].label : Change.stopped
            let change = Change(
                source: source, time: ended.description, position: 0, from: span.label, to: next,
                confidence: 0.7, lasted: span.seconds)
            history.append(HistoryEntry(change, began: began, ended: ended, order: clock - age))
        }
        await history.close()
    }
}
