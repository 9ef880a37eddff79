/// The parameters of one method, read from a request with messages that say what to do.
public protocol RequestParams: Sendable, Equatable {
    init(_ params: [String: JSONValue]) throws(RPCError)
    /// As they go into a request; what is left at its default is left out.
    var members: [String: JSONValue] { get }
}

/// Of `describe`, `sources`, `status` and `reload`: none.
public struct NoParams: RequestParams {
    public init() {}

    public init(_ params: [String: JSONValue]) throws(RPCError) { try refuseOthers(than: [], in: params) }

    public var members: [String: JSONValue] { [:] }
}

/// Of `current`.
public struct CurrentParams: RequestParams {
    /// Nil for every source.
    public var source: String?

    public init(source: String? = nil) { self.source = source }

    public init(_ params: [String: JSONValue]) throws(RPCError) {
        try refuseOthers(than: ["source"], in: params)
        source = try sourceName(in: params)
    }

    public var members: [String: JSONValue] { source.map { ["source": .string($0)] } ?? [:] }
}

/// Of `subscribe`.
public struct SubscribeParams: RequestParams {
    /// Nil for every source, those that a reload adds included.
    public var source: String?
    /// In the order of `EventKind`, each once; every kind when none were given.
    public var events: [EventKind]

    public init(source: String? = nil, events: [EventKind] = EventKind.allCases) {
        self.source = source
        self.events = events
    }

    public init(_ params: [String: JSONValue]) throws(RPCError) {
        try refuseOthers(than: ["source", "events"], in: params)
        source = try sourceName(in: params)
        let kinds = EventKind.allCases.map { quoted($0.rawValue) }.joined(separator: ", ")
        var asked: Set<EventKind> = []
        switch params["events"] {
        case nil, .null: asked = Set(EventKind.allCases)
        case .array(let elements):
            for element in elements {
                guard case .string(let name) = element, let kind = EventKind(rawValue: name) else {
                    let given = if case .string(let name) = element { quoted(name) } else { element.kind }
                    throw RPCError(.invalidParams, "events is a list of \(kinds); \(given) is none of them")
                }
                asked.insert(kind)
            }
            if asked.isEmpty { throw RPCError(.invalidParams, "events is empty; leave it out for all of \(kinds)") }
        case .some(let other): throw RPCError(.invalidParams, "events is a list of \(kinds), not \(other.kind)")
        }
        events = EventKind.allCases.filter(asked.contains)
    }

    public var members: [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        if let source { members["source"] = .string(source) }
        if Set(events) != Set(EventKind.allCases) { members["events"] = .array(events.map { .string($0.rawValue) }) }
        return members
    }
}

/// Of `history`.
public struct HistoryParams: RequestParams {
    /// Nil for every source.
    public var source: String?
    /// Nil for as far back as it is kept.
    public var since: Since?
    /// The newest so many, 1 to 10 000.
    public var limit: Int

    public init(source: String? = nil, since: Since? = nil, limit: Int = ControlLimits.historyDefault) {
        self.source = source
        self.since = since
        self.limit = limit
    }

    public init(_ params: [String: JSONValue]) throws(RPCError) {
        try refuseOthers(than: ["source", "since", "limit"], in: params)
        source = try sourceName(in: params)
        since = try Since(params["since"])
        switch params["limit"] {
        case nil, .null: limit = ControlLimits.historyDefault
        case .integer(let asked) where (1...Int64(ControlLimits.historyMost)).contains(asked): limit = Int(asked)
        default: throw RPCError(.invalidParams, "limit is a whole number from 1 to \(ControlLimits.historyMost)")
        }
    }

    public var members: [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        if let source { members["source"] = .string(source) }
        if let since { members["since"] = since.value }
        if limit != ControlLimits.historyDefault { members["limit"] = .integer(Int64(limit)) }
        return members
    }
}

/// From when on: a time, or so many seconds before now.
public enum Since: Sendable, Equatable {
    case time(Timestamp)
    /// Seconds, finite and not negative.
    case ago(Double)

    init?(_ value: JSONValue?) throws(RPCError) {
        switch value {
        case nil, .null: return nil
        case .string(let text):
            guard let time = Timestamp(rfc3339: text) else {
                throw RPCError(
                    .invalidParams, "since is a time such as \"2026-01-31T08:00:00Z\", or a number of seconds ago")
            }
            self = .time(time)
        case .integer(let seconds) where seconds >= 0: self = .ago(Double(seconds))
        case .number(let seconds) where seconds >= 0 && seconds.isFinite: self = .ago(seconds)
        case .integer, .number: throw RPCError(.invalidParams, "since in seconds ago is not negative")
        case .some(let other):
            throw RPCError(.invalidParams, "since is a time or a number of seconds ago, not \(other.kind)")
        }
    }

    var value: JSONValue {
        switch self {
        case .time(let time): .string(time.description)
        case .ago(let seconds): .number(seconds)
        }
    }

    /// The time meant, when it is `now`.
    public func time(now: Timestamp = .now) -> Timestamp {
        switch self {
        case .time(let time): time
        case .ago(let seconds): now.adding(seconds: -seconds)
        }
    }
}

private func sourceName(in params: [String: JSONValue]) throws(RPCError) -> String? {
    switch params["source"] {
    case nil, .null: nil
    case .string(let name): name
    case .some(let other): throw RPCError(.invalidParams, "source is the name of a source, not \(other.kind)")
    }
}

/// A misspelt parameter must not be taken for one left out.
private func refuseOthers(than known: [String], in params: [String: JSONValue]) throws(RPCError) {
    guard let unknown = params.keys.filter({ !known.contains($0) }).min() else { return }
    let list = known.isEmpty ? "this method takes none" : "there is \(known.joined(separator: ", "))"
    throw RPCError(.invalidParams, "no parameter \(quoted(unknown)); \(list)")
}
