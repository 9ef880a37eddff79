// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A folder of one test, removed with it. Its path is short: a socket's has to be.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/gd-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: file(name), atomically: true, encoding: .utf8)
        return file(name)
    }

    /// A mono WAV file of 16-bit samples.
    func writeWAV(_ samples: [Float], rate: Int = 22_050, to name: String) throws -> String {
        var bytes: [UInt8] = []
        func put<Number: FixedWidthInteger>(_ number: Number) {
            withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
        }
        let size = samples.count * 2
        bytes += "RIFF".utf8
        put(UInt32(36 + size))
        bytes += "WAVEfmt ".utf8
        put(UInt32(16))
        put(UInt16(1))
        put(UInt16(1))
        put(UInt32(rate))
        put(UInt32(rate * 2))
        put(UInt16(2))
        put(UInt16(16))
        bytes += "data".utf8
        put(UInt32(size))
        for sample in samples { put(Int16(max(-1, min(1, sample)) * 32_767)) }
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }
}

/// The same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    // SplitMix64 (Steele, Lea and Flood 2014).
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// Noise of a level that is not silence.
func noise(seconds: Double, rate: Int = 22_050, seed: UInt64 = 1) -> [Float] {
    var generator = SeededGenerator(seed)
    return (0..<Int(seconds * Double(rate))).map { _ in Float.random(in: -0.3...0.3, using: &generator) }
}

/// Waits until something is so, looking often; false when it took too long.
func eventually(within seconds: Double = 60, _ isSo: () async throws -> Bool) async rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if try await isSo() { return true }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return try await isSo()
}
