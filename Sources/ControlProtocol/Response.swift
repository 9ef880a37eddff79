// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// A response of the daemon as it goes onto the socket.
package enum Response {
    /// One line with its newline. A result that JSON cannot express becomes an internal error.
    package static func line(id: RequestID, result: some Encodable) -> [UInt8] {
        do {
            return try JSON.line(Success(id: id, result: result))
        } catch {
            return line(
                id: id, error: RPCError(.internalError, "the result cannot be written as JSON; please report it"))
        }
    }

    /// One line with its newline.
    package static func line(id: RequestID, error: RPCError) -> [UInt8] {
        // A number id is finite, having been read from JSON; the rest is texts. The fallback is never used.
        (try? JSON.line(Failure(id: id, error: error)))
            ?? Array(#"{"error":{"code":-32603,"message":"internal error"},"id":null,"jsonrpc":"2.0"}"#.utf8) + [10]
    }

    private struct Success<Result: Encodable>: Encodable {
        let jsonrpc = "2.0"
        let id: RequestID
        let result: Result
    }

    private struct Failure: Encodable {
        let jsonrpc = "2.0"
        let id: RequestID
        let error: RPCError
    }
}

/// The result of `current`: of the source asked for alone, or of each in the order of the configuration.
package struct CurrentResult: Codable, Sendable, Equatable {
    package var estimates: [Estimate]

    package init(estimates: [Estimate]) { self.estimates = estimates }
}

/// The result of `subscribe`.
package struct SubscribeResult: Codable, Sendable, Equatable {
    /// What will be sent.
    package var events: [EventKind]
    /// The sources there are now.
    package var sources: [String]

    package init(events: [EventKind], sources: [String]) {
        self.events = events
        self.sources = sources
    }
}

/// The result of `history`.
package struct HistoryResult: Codable, Sendable, Equatable {
    /// Newest last.
    package var changes: [Change]
    /// Whether there are older ones that match and that `limit` left out.
    package var more: Bool
    /// How long each label was published, longest first, in all of the time asked for, whatever `limit` left out and
    /// with what lasts still; null unless it was asked for.
    @OrNull package var totals: [LabelTime]?

    package init(changes: [Change], more: Bool = false, totals: [LabelTime]? = nil) {
        self.changes = changes
        self.more = more
        self.totals = totals
    }
}

/// How long a label (a genre or a state's name) was published, of one source or of several together.
package struct LabelTime: Codable, Sendable, Equatable {
    package var label: String
    /// Of audio; where there was nothing to hear, of waiting.
    package var seconds: Double

    package init(label: String, seconds: Double) {
        self.label = label
        self.seconds = seconds
    }
}

/// The result of `sources`.
package struct SourcesResult: Codable, Sendable, Equatable {
    /// In the order of the configuration.
    package var sources: [SourceStatus]

    package init(sources: [SourceStatus]) { self.sources = sources }
}

/// The result of `reload`.
package struct ReloadResult: Codable, Sendable, Equatable {
    /// What is different now, a line each, for people; empty when the file says what it said before.
    package var changed: [String]

    package init(changed: [String]) { self.changed = changed }
}
