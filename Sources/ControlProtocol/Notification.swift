// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// What one can subscribe to.
package enum EventKind: String, Codable, Sendable, CaseIterable {
    case estimate, change, state
}

/// The parameters of a `lost` notification: this subscriber read too slowly.
package struct Lost: Codable, Sendable, Equatable {
    /// How many estimates it did not get since the last one it got.
    package var estimates: Int

    package init(estimates: Int) { self.estimates = estimates }
}

/// What the daemon sends to a subscriber unasked.
package enum Notification: Sendable, Equatable {
    case estimate(Estimate)
    case change(Change)
    case state(DeviceChange)
    case lost(Lost)

    /// The `method` on the wire.
    package var method: String {
        switch self {
        case .estimate: "estimate"
        case .change: "change"
        case .state: "state"
        case .lost: "lost"
        }
    }

    /// One line with its newline. Throws when a number in it is infinite or not a number.
    package func line() throws -> [UInt8] {
        switch self {
        case .estimate(let params):
            try EstimateLine.write(params) ?? JSON.line(Envelope(method: method, params: params))
        case .change(let params): try JSON.line(Envelope(method: method, params: params))
        case .state(let params): try JSON.line(Envelope(method: method, params: params))
        case .lost(let params): try JSON.line(Envelope(method: method, params: params))
        }
    }

    struct Envelope<Params: Encodable>: Encodable {
        let jsonrpc = "2.0"
        let method: String
        let params: Params
    }
}
