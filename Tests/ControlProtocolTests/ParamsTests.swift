// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Testing

@Suite("Reading parameters")
struct ParamsTests {
    private func call(_ method: String, _ params: String) throws -> ControlCall {
        try Request(line: Array(#"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#.utf8)).call
    }

    @Test("left out or null means the default")
    func defaults() throws {
        #expect(try call("current", "{}") == .current(CurrentParams(source: nil)))
        #expect(
            try call("subscribe", "{}")
                == .subscribe(SubscribeParams(source: nil, events: [.estimate, .change, .state])))
        #expect(try call("subscribe", #"{"events":null}"#) == .subscribe(SubscribeParams()))
        #expect(try call("history", "{}") == .history(HistoryParams(source: nil, since: nil, limit: 100)))
        #expect(try call("history", #"{"source":null,"since":null,"limit":null}"#) == .history(HistoryParams()))
        #expect(try call("status", "{}") == .status)
    }

    @Test("what is given is taken")
    func given() throws {
        #expect(try call("current", #"{"source":"radio"}"#) == .current(CurrentParams(source: "radio")))
        #expect(
            try call("subscribe", #"{"events":["state","change","state"]}"#)
                == .subscribe(SubscribeParams(source: nil, events: [.change, .state])))
        #expect(
            try call("history", #"{"since":3600,"limit":7}"#)
                == .history(HistoryParams(source: nil, since: .ago(3600), limit: 7)))
        let time = try #require(Timestamp(rfc3339: "2026-01-31T08:00:00Z"))
        #expect(
            try call("history", #"{"since":"2026-01-31T09:00:00+01:00"}"#)
                == .history(HistoryParams(source: nil, since: .time(time))))
    }

    @Test(
        "each mistake gets a message that says what to do",
        arguments: [
            ("current", #"{"source":1}"#, "source is the name of a source, a string"),
            ("current", #"{"sorce":"a"}"#, #"no parameter "sorce"; there is source"#),
            ("status", #"{"a":null}"#, #"no parameter "a"; this method takes none"#),
            ("subscribe", #"{"events":"change"}"#, #"events is a list of "estimate", "change", "state""#),
            ("subscribe", #"{"events":[1]}"#, #"events is a list of "estimate", "change", "state""#),
            (
                "subscribe", #"{"events":["chnage"]}"#,
                #"events is a list of "estimate", "change", "state"; "chnage" is none of them"#
            ),
            (
                "subscribe", #"{"events":[]}"#,
                #"events is empty; leave it out for all of "estimate", "change", "state""#
            ),
            ("history", #"{"totals":1}"#, "totals is true or false"),
            ("history", #"{"limit":0}"#, "limit is a whole number from 1 to 10000"),
            ("history", #"{"limit":10001}"#, "limit is a whole number from 1 to 10000"),
            ("history", #"{"limit":1.5}"#, "limit is a whole number from 1 to 10000"),
            ("history", #"{"limit":1e300}"#, "limit is a whole number from 1 to 10000"),
            ("history", #"{"limit":"7"}"#, "limit is a whole number from 1 to 10000"),
            (
                "history", #"{"since":"yesterday"}"#,
                #"since is a time such as "2026-01-31T08:00:00Z", or a number of seconds ago"#
            ),
            (
                "history", #"{"since":1e999}"#,
                #"since is a time such as "2026-01-31T08:00:00Z", or a number of seconds ago"#
            ),
            ("history", #"{"since":-1}"#, "since in seconds ago is not negative"),
        ])
    func mistakes(method: String, params: String, message: String) {
        let error = #expect(throws: Request.Rejection.self) { _ = try call(method, params) }
        #expect(error?.error == RPCError(.invalidParams, message))
        #expect(error?.id == .integer(1))
    }
}
