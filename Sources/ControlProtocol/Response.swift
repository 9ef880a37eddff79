// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Writes responses of the daemon as lines.
package enum Response {
    /// Returns a result as one line with its newline. A result that JSON cannot express becomes an internal error.
    package static func line(id: RequestID, result: some Encodable) -> [UInt8] {
        do {
            return try JSON.line(Success(id: id, result: result))
        } catch {
            return line(
                id: id, error: RPCError(.internalError, "the result cannot be written as JSON; please report this"))
        }
    }

    /// Returns an error as one line with its newline.
    package static func line(id: RequestID, error: RPCError) -> [UInt8] {
        // An id that was read from JSON is finite, and everything else is text, so the fallback is never used.
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

/// The result of `current`: the estimate of the requested source, or of each source in the order of the configuration.
package struct CurrentResult: Codable, Sendable, Equatable {
    package var estimates: [Estimate]

    package init(estimates: [Estimate]) { self.estimates = estimates }
}

/// The result of `subscribe`.
package struct SubscribeResult: Codable, Sendable, Equatable {
    /// The kinds of notification that the daemon will send.
    package var events: [EventKind]
    /// The sources that exist now.
    package var sources: [String]

    package init(events: [EventKind], sources: [String]) {
        self.events = events
        self.sources = sources
    }
}

/// The result of `history`.
package struct HistoryResult: Codable, Sendable, Equatable {
    /// The changes, newest last.
    package var changes: [Change]
    /// Whether `limit` left out changes that match: older ones, or with `after` newer ones.
    package var more: Bool
    /// How long each label was published, longest first; null unless `totals` was requested. `limit` has no effect on
    /// them, and the current label counts up to now.
    @OrNull package var totals: [LabelTime]?

    package init(changes: [Change], more: Bool = false, totals: [LabelTime]? = nil) {
        self.changes = changes
        self.more = more
        self.totals = totals
    }
}

/// How long a label, a genre or the name of a state, was published by one source or by several together.
package struct LabelTime: Codable, Sendable, Equatable {
    package var label: String
    /// Seconds of audio or, without a signal, of waiting.
    package var seconds: Double

    package init(label: String, seconds: Double) {
        self.label = label
        self.seconds = seconds
    }
}

/// The result of `annotate`.
package struct AnnotateResult: Codable, Sendable, Equatable {
    /// The title as it is published: cleaned and cut.
    @OrNull package var title: String?

    package init(title: String?) { self.title = title }
}

/// The result of `sources`.
package struct SourcesResult: Codable, Sendable, Equatable {
    /// The sources, in the order of the configuration.
    package var sources: [SourceStatus]

    package init(sources: [SourceStatus]) { self.sources = sources }
}

/// The result of `reload`.
package struct ReloadResult: Codable, Sendable, Equatable {
    /// One line for people per change; empty when the configuration is the same as before.
    package var changed: [String]

    package init(changed: [String]) { self.changed = changed }
}
