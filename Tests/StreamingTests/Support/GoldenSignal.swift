// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// The signal of scripts/golden.py: four seconds of a sweep, a tone that swells, noise that grows, a silence, a click.
func goldenSignal() -> [Float] {
    let rate = 22_050
    var state: UInt32 = 12345
    var samples = (0..<(4 * rate)).map { index -> Float in
        state = state &* 1_664_525 &+ 1_013_904_223
        let noise = Double(state >> 8) / 8_388_608 - 1
        let time = Double(index) / Double(rate)
        let sweep = 0.3 * sin(2 * .pi * (60 * time + 1300 * time * time))
        let tone = 0.2 * sin(2 * .pi * 440 * time) * (0.5 + 0.5 * sin(2 * .pi * 2 * time))
        if (Int(1.5 * Double(rate))..<Int(1.9 * Double(rate))).contains(index) { return 0 }
        return Float(sweep + tone + 0.02 * time * noise)
    }
    samples[Int(2.5 * Double(rate))] += 0.5
    return samples
}

/// Little-endian 32-bit floats beside the tests.
func goldenNumbers(_ name: String) throws -> [Float] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden/\(name)")
    let data = try Data(contentsOf: path)
    return (0..<(data.count / 4)).map { index in
        data.withUnsafeBytes {
            Float(bitPattern: UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
        }
    }
}
