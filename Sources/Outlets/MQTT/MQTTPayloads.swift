// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// The payload of a source's `state` topic.
struct StatePayload: Encodable {
    let v = 1
    /// The label to show; null without a signal.
    @OrNull var label: String?
    let state: EstimateState
    @OrNull var genre: String?
    let confidence: Double
    @OrNull var level: Double?
    @OrNull var title: String?
    let since: String
    let time: String
    /// The number of the source's newest change; null if it never had one.
    @OrNull var seq: Int?
    let instance: String

    init(_ estimate: Estimate, seq: Int?, instance: String) {
        state = estimate.state
        confidence = estimate.confidence
        since = estimate.since
        time = estimate.time
        self.instance = instance
        label = estimate.state == .noSignal ? nil : estimate.label
        genre = estimate.genre
        level = estimate.level
        title = estimate.title
        self.seq = seq
    }

    /// What other programs need of a payload to know whose it is.
    struct Origin: Decodable {
        let instance: String
    }
}

/// A payload as bytes of JSON without a newline. Numbers come from JSON, so they are finite.
func payload(_ value: some Encodable) -> [UInt8] { (try? JSON.text(value)).map { Array($0.utf8) } ?? [] }
