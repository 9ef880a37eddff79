// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Testing

struct RequestTests {
    private func rejection(_ line: String) -> Request.Rejection? {
        do {
            _ = try Request(line: Array(line.utf8))
            return nil
        } catch { return error }
    }

    @Test
    func `a request keeps its id, method and parameters`() throws {
        let request = try Request(
            line: Array(#"{"jsonrpc":"2.0","id":7,"method":"current","params":{"source":"radio"}}"#.utf8))
        #expect(request == Request(id: .integer(7), call: .current(CurrentParams(source: "radio"))))
        #expect(request.call.method == .current)
    }

    @Test(arguments: [
        ("null", RequestID.null), ("0", .integer(0)), ("-3", .integer(-3)), ("1.5", .number(1.5)),
        (#""abc""#, .string("abc")), (#""""#, .string("")), ("9223372036854775807", .integer(.max)),
    ])
    func `a response has the id of its request, unchanged`(text: String, id: RequestID) throws {
        let request = try Request(line: Array(#"{"jsonrpc":"2.0","id":\#(text),"method":"status"}"#.utf8))
        #expect(request.id == id)
        let line = Response.line(id: id, result: ReloadResult(changed: []))
        #expect(
            String(decoding: line, as: UTF8.self)
                == #"{"id":\#(text),"jsonrpc":"2.0","result":{"changed":[]}}"# + "\n")
    }

    @Test
    func `a request without an id is a notification`() throws {
        #expect(try Request(line: Array(#"{"jsonrpc":"2.0","method":"reload"}"#.utf8)).id == nil)
    }

    @Test(arguments: [
        ("", RequestID.null, RPCError.Code.parseError),
        ("{", .null, .parseError),
        ("hello", .null, .parseError),
        (#"{"jsonrpc":"2.0","id":1,"method":"status"} x"#, .null, .parseError),
        (#"{"jsonrpc":"2.0","id":1,"method":"sta\qtus"}"#, .null, .parseError),
        ("[]", .null, .invalidRequest),
        (#"[{"jsonrpc":"2.0","id":1,"method":"status"}]"#, .null, .invalidRequest),
        ("1", .null, .invalidRequest),
        ("null", .null, .invalidRequest),
        (#"{"id":5,"method":"status"}"#, .integer(5), .invalidRequest),
        (#"{"jsonrpc":2.0,"id":5,"method":"status"}"#, .integer(5), .invalidRequest),
        (#"{"jsonrpc":"1.0","id":5,"method":"status"}"#, .integer(5), .invalidRequest),
        (#"{"jsonrpc":"2.0","id":"a"}"#, .string("a"), .invalidRequest),
        (#"{"jsonrpc":"2.0","id":"a","method":null}"#, .string("a"), .invalidRequest),
        (#"{"jsonrpc":"2.0","id":true,"method":"status"}"#, .null, .invalidRequest),
        (#"{"jsonrpc":"2.0","id":{},"method":"status"}"#, .null, .invalidRequest),
        (#"{"jsonrpc":"2.0","id":9,"method":"status","params":[1]}"#, .integer(9), .invalidParams),
        (#"{"jsonrpc":"2.0","id":9,"method":"status","params":"x"}"#, .integer(9), .invalidRequest),
        (#"{"jsonrpc":"2.0","id":9,"method":"status","params":null}"#, .integer(9), .invalidRequest),
    ])
    func `a line that is not a request is refused with the right code, and with its id if it has one`(
        line: String, id: RequestID, code: RPCError.Code
    ) throws {
        let rejection = try #require(self.rejection(line))
        #expect(rejection.id == id)
        #expect(rejection.error.code == code)
        #expect(!rejection.error.message.contains("\n"))
    }

    @Test
    func `the error for an unknown method lists the methods`() throws {
        let rejection = try #require(self.rejection(#"{"jsonrpc":"2.0","id":1,"method":"play\u0007"}"#))
        #expect(rejection.id == .integer(1))
        #expect(rejection.error.code == .methodNotFound)
        #expect(
            rejection.error.message
                == "no method \"play\u{FFFD}\"; the methods are describe, current, subscribe, history, annotate, sources, status, reload"
        )
    }

    @Test
    func `a notification with an unknown method or wrong parameters gets no response`() throws {
        let unknown = try #require(self.rejection(#"{"jsonrpc":"2.0","method":"play"}"#))
        #expect(unknown.id == nil)
        let wrong = try #require(self.rejection(#"{"jsonrpc":"2.0","method":"current","params":{"x":1}}"#))
        #expect(wrong.id == nil)
    }

    @Test
    func `bytes that are not UTF-8 or contain a NUL are parse errors`() {
        let valid = Array(#"{"jsonrpc":"2.0","id":1,"method":"status"}"#.utf8)
        var broken = valid
        broken[40] = 0xFF
        let wide = Array(valid.map { [$0, 0] }.joined())
        let lines: [[UInt8]] = [broken, wide, [0], [0xEF, 0xBB], valid + [0]]
        for line in lines {
            let error = #expect(throws: Request.Rejection.self) { _ = try Request(line: line) }
            #expect(error?.error.code == .parseError)
        }
    }

    @Test
    func `a request is decoded as it was encoded`() throws {
        let calls: [ControlCall] = [
            .describe, .current(CurrentParams()), .current(CurrentParams(source: "a/b\n")), .sources, .status, .reload,
            .subscribe(SubscribeParams(source: nil, events: [.state, .change])),
            .history(HistoryParams(source: "ü", since: .ago(60), limit: 10_000, totals: true)),
            .history(HistoryParams(source: "ü", since: .time(Timestamp(milliseconds: 1)))),
        ]
        for call in calls {
            let request = Request(id: .string("ü/\n"), call: call)
            let line = try request.line()
            #expect(line.last == 10 && line.filter { $0 == 10 }.count == 1)
            #expect(try Request(line: line) == request)
        }
    }
}
