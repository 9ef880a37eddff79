// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model
import TestSupport
import Testing

@testable import Streaming

/// What is too slow to be heard is no sound: it neither makes nor hides silence.
struct InaudibleTests {
    private static let rate = 44_100

    /// Movements that nobody hears, as cards, cables and hands add them.
    enum Movement: String, CaseIterable {
        case offset, smallOffset, negativeOffset, rumble2Hz, rumble5Hz, drift

        func callAsFunction(_ time: Double) -> Float {
            switch self {
            case .offset: 0.5
            case .smallOffset: 0.01
            case .negativeOffset: -0.9
            case .rumble2Hz: Float(0.9 * sin(2 * .pi * 2 * time))
            case .rumble5Hz: Float(0.1 * sin(2 * .pi * 5 * time))
            case .drift: Float(0.9 - 1.7 * (time / 8).truncatingRemainder(dividingBy: 1))
            }
        }
    }

    private func samples(seconds: Double, _ value: (Double) -> Float) -> [Float] {
        (0..<Int(seconds * Double(Self.rate))).map { value(Double($0) / Double(Self.rate)) }
    }

    private func estimates(_ samples: [Float]) throws -> [Snapshot] {
        try StreamingClassifierTests().estimates(samples, rate: Self.rate)
    }

    @Test(arguments: Movement.allCases)
    func `silence with it is silence`(movement: Movement) throws {
        let result = try estimates(samples(seconds: 7) { movement($0) })
        let late = result.filter { $0.position > 4 }
        #expect(late.count > 5)
        #expect(late.allSatisfy { $0.state == .silence && $0.level < -60 }, "\(late.map(\.level))")
    }

    @Test(arguments: Movement.allCases)
    func `quiet music with it is no silence, and as loud as without`(movement: Movement) throws {
        let music = StreamingClassifierTests().music(seconds: 7, rate: Self.rate).map { 0.06 * $0 }
        let plain = try estimates(music)
        let moved = try estimates(
            music.enumerated().map { $1 + movement(Double($0) / Double(Self.rate)) })
        #expect(plain.count == moved.count)
        for (one, other) in zip(plain, moved) where one.position > 1 {
            #expect(other.state != .silence && one.level > -60)
            #expect(abs(one.level - other.level) < 0.5, "at \(one.position) s")
        }
    }

    @Test func `a step now and then, as a card makes, is silence again after it`() throws {
        let result = try estimates(samples(seconds: 16) { $0 < 6 ? 0 : $0 < 11 ? 0.3 : -0.3 })
        for end in [6.0, 11, 16] {
            let late = result.filter { end - 2.5 < $0.position && $0.position < end }
            #expect(late.count > 5 && late.allSatisfy { $0.state == .silence }, "before \(end) s")
            #expect(late.allSatisfy { $0.level < -60 })
        }
    }

    @Test(arguments: [30.0, 50, 100, 1000])
    func `what can be heard has its level`(frequency: Double) throws {
        let tone = samples(seconds: 4) { Float(0.1 * sin(2 * .pi * frequency * $0)) }
        let level = try #require(try estimates(tone).last?.level)
        #expect(abs(level - -23) < (frequency < 40 ? 3 : 1), "\(level) dB")
    }

    @Test func `the trends of a block are orthonormal, also where there are few samples`() {
        for count in [1, 2, 3, 4, 61, 1323] {
            let basis = Trends.basis(count: count)
            for (row, one) in basis.enumerated() {
                for (column, other) in basis.enumerated() {
                    let product = zip(one, other).reduce(0) { $0 + $1.0 * $1.1 }
                    #expect(abs(product - (row == column && row < count ? 1 : 0)) < 1e-9)
                }
            }
        }
    }
}
