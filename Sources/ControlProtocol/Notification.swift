// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The kinds of notification that a client can subscribe to.
package enum EventKind: String, Codable, Sendable, CaseIterable {
    case estimate, change, state
}

/// The parameters of a `lost` notification: the subscriber read too slowly.
package struct Lost: Codable, Sendable, Equatable {
    /// The number of estimates dropped since the last one that was sent.
    package var estimates: Int

    package init(estimates: Int) { self.estimates = estimates }
}

/// A message that the daemon sends to a subscriber.
package enum Notification: Sendable, Equatable {
    case estimate(Estimate)
    case change(Change)
    case state(DeviceChange)
    case lost(Lost)

    /// The value of `method` on the wire.
    package var method: String {
        switch self {
        case .estimate: "estimate"
        case .change: "change"
        case .state: "state"
        case .lost: "lost"
        }
    }

    /// Returns the notification as one line with its newline. Throws when a number in it is not finite.
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
