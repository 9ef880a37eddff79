// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Testing

@testable import ControlProtocol

struct EstimateLineTests {
    private func general(_ estimate: Estimate) throws -> [UInt8] {
        try JSON.line(Notification.Envelope(method: "estimate", params: estimate))
    }

    @Test
    func `the fast writer of estimates gives the same bytes as the JSON encoder`() throws {
        var random = SystemRandomNumberGenerator()
        let letters = Array("abcXYZ019 -_/.:;äß€\u{7F}😀é") + ["\"", "\\", "\n", "\u{1}", "e\u{301}"]
        func text() -> String {
            (0..<Int.random(in: 0...8, using: &random)).map { _ in "\(letters.randomElement(using: &random) ?? "x")" }
                .joined()
        }
        func number() -> Double {
            let scales = [0, 1, 1e-7, 1e-6, 0.001, 100, 1e6, 1e15, 1e16, 1e300]
            let scale = scales.randomElement(using: &random) ?? 1
            let value = Double.random(in: -1...1, using: &random) * scale
            return Bool.random(using: &random) ? value.rounded() : value
        }
        func numbers() -> [String: Double] {
            Dictionary(
                (0..<Int.random(in: 0...12, using: &random)).map { _ in (text(), number()) },
                uniquingKeysWith: { $1 })
        }
        var written = 0
        for _ in 0..<3000 {
            let estimate = Estimate(
                source: text(), time: "2026-01-31T08:00:00.250Z", position: number(),
                state: EstimateState.allCases.randomElement(using: &random) ?? .genre,
                genre: Bool.random(using: &random) ? text() : nil, confidence: number(), probabilities: numbers(),
                since: "2026-01-31T07:59:00.000Z", level: Bool.random(using: &random) ? number() : nil,
                windowProbabilities: Bool.random(using: &random) ? numbers() : nil,
                title: Bool.random(using: &random) ? text() : nil)
            let expected = try general(estimate)
            #expect(try Notification.estimate(estimate).line() == expected)
            if EstimateLine.write(estimate) != nil { written += 1 }
        }
        #expect(written > 100)
    }

    @Test
    func `a title with quotation marks does not take the slow way`() throws {
        var estimate = WireTests.estimate
        for title in [#"7" single \ B-side"#, "”„«/äß€😀\u{7F}\u{2028}", "</script>&'"] {
            estimate.title = title
            #expect(EstimateLine.write(estimate) == (try general(estimate)))
        }
    }

    @Test
    func `an estimate with a number that is not finite is refused`() {
        for value in [Double.nan, .infinity] {
            var estimate = WireTests.estimate
            estimate.probabilities["rock"] = value
            #expect(throws: (any Error).self) { try Notification.estimate(estimate).line() }
        }
    }
}
