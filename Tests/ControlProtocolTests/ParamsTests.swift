// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Testing

struct ParamsTests {
    private func call(_ method: String, _ params: String) throws -> ControlCall {
        try Request(line: Array(#"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#.utf8)).call
    }

    @Test
    func `a missing or null parameter has its default`() throws {
        #expect(try call("current", "{}") == .current(CurrentParams(source: nil)))
        #expect(
            try call("subscribe", "{}")
                == .subscribe(SubscribeParams(source: nil, events: [.estimate, .change, .state])))
        #expect(try call("subscribe", #"{"events":null}"#) == .subscribe(SubscribeParams()))
        #expect(try call("history", "{}") == .history(HistoryParams(source: nil, since: nil, limit: 100)))
        #expect(try call("history", #"{"source":null,"since":null,"limit":null}"#) == .history(HistoryParams()))
        #expect(try call("status", "{}") == .status)
    }

    @Test
    func `given parameters replace the defaults`() throws {
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

    @Test(arguments: [
        ("current", #"{"source":1}"#, "source must be a string: the name of a source"),
        ("current", #"{"sorce":"a"}"#, #"unknown parameter "sorce"; this method takes source"#),
        ("status", #"{"a":null}"#, #"unknown parameter "a"; this method takes no parameters"#),
        ("subscribe", #"{"events":"change"}"#, #"events must be a list of "estimate", "change", "state""#),
        ("subscribe", #"{"events":[1]}"#, #"events must be a list of "estimate", "change", "state""#),
        (
            "subscribe", #"{"events":["chnage"]}"#,
            #"events must be a list of "estimate", "change", "state"; "chnage" is not one of them"#
        ),
        (
            "subscribe", #"{"events":[]}"#,
            #"events is empty; omit it for all of "estimate", "change", "state""#
        ),
        ("history", #"{"totals":1}"#, "totals must be true or false"),
        ("history", #"{"limit":0}"#, "limit must be a whole number from 1 to 10000"),
        ("history", #"{"limit":10001}"#, "limit must be a whole number from 1 to 10000"),
        ("history", #"{"limit":1.5}"#, "limit must be a whole number from 1 to 10000"),
        ("history", #"{"limit":1e300}"#, "limit must be a whole number from 1 to 10000"),
        ("history", #"{"limit":"7"}"#, "limit must be a whole number from 1 to 10000"),
        (
            "history", #"{"since":"yesterday"}"#,
            #"since must be a time such as "2026-01-31T08:00:00Z", or a number of seconds ago"#
        ),
        (
            "history", #"{"since":1e999}"#,
            #"since must be a time such as "2026-01-31T08:00:00Z", or a number of seconds ago"#
        ),
        ("history", #"{"since":-1}"#, "since must not be negative when it is a number of seconds ago"),
    ])
    func `the error for each mistake says what to do`(method: String, params: String, message: String) {
        let error = #expect(throws: Request.Rejection.self) { _ = try call(method, params) }
        #expect(error?.error == RPCError(.invalidParams, message))
        #expect(error?.id == .integer(1))
    }
}
