// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Foundation
import Testing

/// Checks the examples in docs/protocol.md against the types that the daemon writes and the client reads.
struct DocumentationTests {
    private struct Envelope<Result: Codable>: Codable {
        var jsonrpc: String
        var id: RequestID
        var result: Result?
        var error: RPCError?
    }

    private struct Event<Params: Codable>: Codable {
        var jsonrpc: String
        var method: String
        var params: Params
    }

    /// Returns the lines of every block marked as `wire`.
    private static func wire() throws -> [String] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/protocol.md")
        var lines: [String] = []
        var isInside = false
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("```") { isInside = line == "```wire" } else if isInside { lines.append(String(line)) }
        }
        return lines
    }

    /// Whether `line` is encoded as the same line after it was decoded: every key is known and none is missing.
    private func roundTrips<Value: Codable>(_ type: Value.Type, _ line: String) throws -> Bool {
        let written = try JSON.line(try JSON.decode(type, from: Array(line.utf8)))
        return String(decoding: written, as: UTF8.self) == line + "\n"
    }

    @Test
    func `each response in the documentation fits its request, and each notification its type, to the letter`() throws {
        var request: Result<Request, Request.Rejection>?
        var methods: Set<ControlMethod> = []
        var events: Set<String> = []
        for line in try Self.wire() {
            let text = String(line.dropFirst(2))
            if line.hasPrefix("→ ") {
                request = Result { () throws(Request.Rejection) in try Request(line: Array(text.utf8)) }
                continue
            }
            #expect(line.hasPrefix("← "))
            if text.contains(#""method":""#) && !text.contains(#""id""#) {
                let method = try JSON.decode(Method.self, from: Array(text.utf8)).method
                events.insert(method)
                switch method {
                case "estimate": #expect(try roundTrips(Event<Estimate>.self, text))
                case "change": #expect(try roundTrips(Event<Change>.self, text))
                case "state": #expect(try roundTrips(Event<DeviceChange>.self, text))
                default: #expect(try roundTrips(Event<Lost>.self, text))
                }
                continue
            }
            switch try #require(request) {
            case .failure(let rejection):
                // The daemon's response to such a line, to the letter.
                let answer = Response.line(id: rejection.id ?? .null, error: rejection.error)
                #expect(String(decoding: answer, as: UTF8.self) == text + "\n")
            case .success(let request):
                methods.insert(request.call.method)
                let answer = try JSON.decode(Envelope<Anything>.self, from: Array(text.utf8))
                #expect(answer.id == request.id)
                if answer.error != nil {
                    #expect(try roundTrips(Envelope<Anything>.self, text))
                    continue
                }
                switch request.call {
                case .describe: #expect(try roundTrips(Envelope<Description>.self, text))
                case .current: #expect(try roundTrips(Envelope<CurrentResult>.self, text))
                case .annotate: #expect(try roundTrips(Envelope<AnnotateResult>.self, text))
                case .subscribe: #expect(try roundTrips(Envelope<SubscribeResult>.self, text))
                case .history: #expect(try roundTrips(Envelope<HistoryResult>.self, text))
                case .sources: #expect(try roundTrips(Envelope<SourcesResult>.self, text))
                case .status: #expect(try roundTrips(Envelope<DaemonStatus>.self, text))
                case .reload: #expect(try roundTrips(Envelope<ReloadResult>.self, text))
                }
            }
        }
        #expect(methods == Set(ControlMethod.allCases))
        #expect(events == ["estimate", "change", "state", "lost"])
    }

    private struct Method: Decodable { var method: String }

    private struct Anything: Codable {}
}
