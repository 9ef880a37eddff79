// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The parameters of one method. Errors in reading them say what to do.
protocol RequestParams: Encodable {
    static var names: [String] { get }
    /// Every parameter has its default.
    init()
    init(_ reader: ParamReader) throws(RPCError)
}

/// The parameters of `describe`, `sources`, `status` and `reload`, which take none.
struct NoParams: RequestParams {
    static let names: [String] = []

    init() {}

    init(_ reader: ParamReader) {}
}

/// The parameters of `current`.
package struct CurrentParams: RequestParams, Sendable, Equatable {
    static let names = ["source"]

    /// Nil for every source.
    package var source: String?

    package init() {}

    package init(source: String?) { self.source = source }

    init(_ reader: ParamReader) throws(RPCError) { source = try reader.source() }
}

/// The parameters of `subscribe`.
package struct SubscribeParams: RequestParams, Sendable, Equatable {
    static let names = ["source", "events"]

    /// Nil for every source, including those that a reload adds later.
    package var source: String?
    /// Each kind once, in the order of `EventKind`; by default every kind.
    package var events: [EventKind]

    package init() { self.init(source: nil) }

    package init(source: String?, events: [EventKind] = EventKind.allCases) {
        self.source = source
        self.events = EventKind.allCases.filter(events.contains)
    }

    init(_ reader: ParamReader) throws(RPCError) {
        self.init(source: try reader.source())
        guard !reader.isAbsent("events") else { return }
        let kinds = EventKind.allCases.map { quoted($0.rawValue) }.joined(separator: ", ")
        guard let names = reader.value([String].self, "events") else {
            throw RPCError(.invalidParams, "events must be a list of \(kinds)")
        }
        if names.isEmpty { throw RPCError(.invalidParams, "events is empty; omit it for all of \(kinds)") }
        if let stranger = names.first(where: { EventKind(rawValue: $0) == nil }) {
            throw RPCError(.invalidParams, "events must be a list of \(kinds); \(quoted(stranger)) is not one of them")
        }
        let asked = Set(names)
        events = EventKind.allCases.filter { asked.contains($0.rawValue) }
    }
}

/// The parameters of `history`.
package struct HistoryParams: RequestParams, Sendable, Equatable {
    static let names = ["source", "since", "after", "limit", "totals"]

    /// Nil for every source.
    package var source: String?
    /// Nil for everything that is kept.
    package var since: Since?
    /// The `seq` after which to begin: the oldest changes come first in the choice, so that a client that was away can
    /// read on where it was. Nil for the newest changes.
    package var after: Int?
    /// The number of changes to return, 1 to 10 000: the newest, or with `after` the oldest.
    package var limit = ControlLimits.historyDefault
    /// Whether to return the time of each label too.
    package var totals = false

    package init() {}

    package init(
        source: String?, since: Since? = nil, after: Int? = nil, limit: Int = ControlLimits.historyDefault,
        totals: Bool = false
    ) {
        self.source = source
        self.since = since
        self.after = after
        self.limit = limit
        self.totals = totals
    }

    init(_ reader: ParamReader) throws(RPCError) {
        source = try reader.source()
        if !reader.isAbsent("since") { since = try Since(reader) }
        if !reader.isAbsent("after") {
            guard let after = reader.value(Int.self, "after"), after >= 0 else {
                throw RPCError(.invalidParams, "after must be a whole number, not negative: the seq of a change")
            }
            self.after = after
        }
        if !reader.isAbsent("totals") {
            guard let totals = reader.value(Bool.self, "totals") else {
                throw RPCError(.invalidParams, "totals must be true or false")
            }
            self.totals = totals
        }
        guard !reader.isAbsent("limit") else { return }
        let range = 1...ControlLimits.historyMost
        guard let limit = reader.value(Int.self, "limit"), range.contains(limit) else {
            throw RPCError(.invalidParams, "limit must be a whole number from 1 to \(ControlLimits.historyMost)")
        }
        self.limit = limit
    }
}

/// The parameters of `annotate`.
package struct AnnotateParams: RequestParams, Sendable, Equatable {
    static let names = ["source", "title"]

    package var source: String
    /// What is playing; nil to say that this is not known.
    package var title: String?

    package init() { self.init(source: "", title: nil) }

    package init(source: String, title: String?) {
        self.source = source
        self.title = title
    }

    init(_ reader: ParamReader) throws(RPCError) {
        self.init()
        guard let source = try reader.source() else {
            throw RPCError(.invalidParams, "source is missing: the name of the source that the title is for")
        }
        self.source = source
        guard !reader.isAbsent("title") else { return }
        guard let title = reader.value(String.self, "title") else {
            throw RPCError(.invalidParams, "title must be a string, or null where nothing is known")
        }
        self.title = title
    }
}

/// The beginning of a time span: a time, or a number of seconds before now.
package enum Since: Encodable, Sendable, Equatable {
    case time(Timestamp)
    /// Seconds, finite and not negative.
    case ago(Double)

    init(_ reader: ParamReader) throws(RPCError) {
        if let seconds = reader.value(Double.self, "since") {
            guard seconds >= 0 else {
                throw RPCError(.invalidParams, "since must not be negative when it is a number of seconds ago")
            }
            self = .ago(seconds)
        } else if let text = reader.value(String.self, "since"), let time = Timestamp(rfc3339: text) {
            self = .time(time)
        } else {
            throw RPCError(
                .invalidParams, #"since must be a time such as "2026-01-31T08:00:00Z", or a number of seconds ago"#)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .time(let time): try container.encode(time.description)
        case .ago(let seconds): try container.encode(seconds)
        }
    }

    /// Returns the beginning as a time, given the time now.
    package func time(now: Timestamp = .now) -> Timestamp {
        switch self {
        case .time(let time): time
        case .ago(let seconds): now.adding(seconds: -seconds)
        }
    }
}
