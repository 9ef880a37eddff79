// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Testing

@Suite("Reading requests")
struct RequestTests {
    private func rejection(_ line: String) -> Request.Rejection? {
        do {
            _ = try Request(line: Array(line.utf8))
            return nil
        } catch { return error }
    }

    @Test("a request keeps its id, method and parameters")
    func wellFormed() throws {
        let request = try Request(
            line: Array(#"{"jsonrpc":"2.0","id":7,"method":"current","params":{"source":"radio"}}"#.utf8))
        #expect(request == Request(id: .integer(7), call: .current(CurrentParams(source: "radio"))))
        #expect(request.call.method == .current)
    }

    @Test(
        "an id comes back as it was given",
        arguments: [
            ("null", RequestID.null), ("0", .integer(0)), ("-3", .integer(-3)), ("1.5", .number(1.5)),
            (#""abc""#, .string("abc")), (#""""#, .string("")), ("9223372036854775807", .integer(.max)),
        ])
    func ids(text: String, id: RequestID) throws {
        let request = try Request(line: Array(#"{"jsonrpc":"2.0","id":\#(text),"method":"status"}"#.utf8))
        #expect(request.id == id)
        let line = Response.line(id: id, result: ReloadResult(changed: []))
        #expect(
            String(decoding: line, as: UTF8.self)
                == #"{"id":\#(text),"jsonrpc":"2.0","result":{"changed":[]}}"# + "\n")
    }

    @Test("a request without id is a notification")
    func notification() throws {
        #expect(try Request(line: Array(#"{"jsonrpc":"2.0","method":"reload"}"#.utf8)).id == nil)
    }

    @Test(
        "what is no request is refused with the fitting code, and with its id if it has one",
        arguments: [
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
    func refused(line: String, id: RequestID, code: RPCError.Code) throws {
        let rejection = try #require(self.rejection(line))
        #expect(rejection.id == id)
        #expect(rejection.error.code == code)
        #expect(!rejection.error.message.contains("\n"))
    }

    @Test("an unknown method is answered with those that exist")
    func unknownMethod() throws {
        let rejection = try #require(self.rejection(#"{"jsonrpc":"2.0","id":1,"method":"play\u0007"}"#))
        #expect(rejection.id == .integer(1))
        #expect(rejection.error.code == .methodNotFound)
        #expect(
            rejection.error.message
                == "no method \"play\u{FFFD}\"; there is describe, current, subscribe, history, sources, status, reload"
        )
    }

    @Test("a notification of an unknown method or with wrong parameters is not to be answered")
    func silentRejection() throws {
        let unknown = try #require(self.rejection(#"{"jsonrpc":"2.0","method":"play"}"#))
        #expect(unknown.id == nil)
        let wrong = try #require(self.rejection(#"{"jsonrpc":"2.0","method":"current","params":{"x":1}}"#))
        #expect(wrong.id == nil)
    }

    @Test("bytes that are not UTF-8, or hold a NUL, are parse errors")
    func notText() {
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

    @Test("a request survives its own encoding")
    func roundTrip() throws {
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
