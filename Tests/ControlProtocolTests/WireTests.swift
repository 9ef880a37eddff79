// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Testing

struct WireTests {
    static let estimate = Estimate(
        source: "radio/1", time: "2026-01-31T08:00:00.250Z", position: 12.5, state: .unsure, genre: nil,
        confidence: 0.25, probabilities: ["rock": 0.75, "blues": 0.25], since: "2026-01-31T07:59:00.000Z")

    @Test
    func `an estimate is one line with sorted keys, explicit nulls and plain slashes`() throws {
        let line = String(decoding: try Notification.estimate(Self.estimate).line(), as: UTF8.self)
        #expect(
            line
                == #"{"jsonrpc":"2.0","method":"estimate","params":{"alternatives":[],"confidence":0.25,"genre":null,"#
                + #""label":"unsure","level":null,"position":12.5,"probabilities":{"blues":0.25,"rock":0.75},"since":"2026-01-31T07:59:00.000Z","#
                + #""source":"radio/1","state":"unsure","time":"2026-01-31T08:00:00.250Z","title":null,"#
                + #""windowProbabilities":null}}"#
                + "\n")
    }

    @Test
    func `text with newlines stays on one line`() throws {
        let change = DeviceChange(source: "a\nb", time: "", state: .lost, message: "x\r\n\u{2028}\u{0}")
        let line = try Notification.state(change).line()
        #expect(line.filter { $0 == 10 }.count == 1 && line.last == 10)
        #expect(!line.contains(13) && !line.contains(0))
    }

    @Test
    func `a result that JSON cannot express becomes an internal error, not a crash`() throws {
        var estimate = Self.estimate
        estimate.position = .nan
        let line = String(decoding: Response.line(id: .integer(1), result: estimate), as: UTF8.self)
        #expect(line.contains("-32603") && line.contains(#""id":1"#))
        #expect(throws: (any Error).self) { try Notification.estimate(estimate).line() }
    }

    @Test
    func `an error response has its code and message`() {
        let line = Response.line(id: .null, error: .unknownSource("x", known: ["radio", "tv"]))
        #expect(
            String(decoding: line, as: UTF8.self)
                == #"{"error":{"code":-32000,"message":"no source \"x\"; the sources are \"radio\", \"tv\""},"id":null,"jsonrpc":"2.0"}"#
                + "\n")
    }

    @Test
    func `random bytes, mutated requests and hostile shapes are accepted or answered with an error, never fatal`() {
        var random = SystemRandomNumberGenerator()
        let seeds = [
            #"{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"source":"radio","events":["estimate"]}}"#,
            #"{"jsonrpc":"2.0","id":"é","method":"history","params":{"since":3600.5,"limit":10}}"#,
            #"{"jsonrpc":"2.0","id":null,"method":"current","params":{}}"#,
        ].map { Array($0.utf8) }
        func check(_ line: [UInt8]) {
            do {
                let request = try Request(line: line)
                if let id = request.id { #expect(Response.line(id: id, result: EmptyResult()).last == 10) }
            } catch {
                let reply = Response.line(id: error.id ?? .null, error: error.error)
                #expect((try? JSON.decode(Reply.self, from: reply))?.error == error.error)
                #expect(reply.filter { $0 == 10 }.count == 1)
            }
        }
        for _ in 0..<10_000 {
            var line = seeds.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let at = Int.random(in: 0..<line.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: line[at] = .random(in: 0...255, using: &random)
                case 1: line.remove(at: at)
                case 2: line.insert(.random(in: 0...255, using: &random), at: at)
                default: line.insert(contentsOf: line[at...].prefix(8), at: at)
                }
            }
            check(line)
        }
        for _ in 0..<2000 {
            check((0..<Int.random(in: 0...200, using: &random)).map { _ in .random(in: 0...255, using: &random) })
        }
        for unit in [
            "[", #"{"a":"#, #"{"a":["#, "[[],", "\"", "9", "-", "1e", "\\u", " ", "[1,", "\u{FEFF}", "1.0,", #"{"":1,"#,
            "[[]", #"["\\"","#, #""\""#,
        ] {
            for count in [31, 32, 33, 100, 511, 512, 513, 5000, ControlLimits.requestBytes / unit.utf8.count] {
                let text = String(repeating: unit, count: count)
                check(Array(text.utf8))
                check(Array((#"{"jsonrpc":"2.0","method":"status","id":"# + text).utf8))
                check(Array((#"{"jsonrpc":"2.0","method":"status","id":"# + text + "}").utf8))
            }
        }
        for number in [
            "1e999", "-1e999", "1e-999", "18446744073709551616", "0.1e1", "-0", "1e308",
            "123456789012345678901234567890",
        ] {
            check(
                Array(
                    #"{"jsonrpc":"2.0","method":"history","id":\#(number),"params":{"limit":\#(number),"since":\#(number)}}"#
                        .utf8))
        }
        check(
            Array(
                #"{"jsonrpc":"2.0","id":1,"method":"status","params":{"a":\#(String(repeating: "[", count: 400))\#(String(repeating: "]", count: 400))}}"#
                    .utf8))
    }

    @Test
    func `the most expensive lines within the limit are read in less than two seconds`() {
        for unit in ["1,", "[],", "{},", "\"\",", "null,", "1.5,"] {
            let count = (ControlLimits.requestBytes - 80) / unit.utf8.count
            let line = Array(
                (#"{"jsonrpc":"2.0","id":1,"method":"status","params":{"a":["# + String(repeating: unit, count: count)
                    + "1]}}").utf8)
            let duration = ContinuousClock().measure { _ = try? Request(line: line) }
            #expect(duration < .seconds(2))
        }
    }

    @Test
    func `a thousand estimates are written in less than two seconds`() throws {
        var estimate = Self.estimate
        let labels = ["blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"]
        estimate.probabilities = Dictionary(uniqueKeysWithValues: labels.map { ($0, 1.0 / 11) })
        estimate.windowProbabilities = estimate.probabilities
        let duration = try ContinuousClock().measure {
            for _ in 0..<1000 { _ = try Notification.estimate(estimate).line() }
        }
        #expect(duration < .seconds(2))
    }
}

private struct EmptyResult: Encodable {}

private struct Reply: Decodable {
    let error: RPCError
}
