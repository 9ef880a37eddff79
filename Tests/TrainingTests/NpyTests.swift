// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import TestSupport
import Testing

@testable import Training

struct NpyTests {
    /// The bytes of a file with any header.
    static func file(_ header: String, version: UInt8 = 1, body: [UInt8]) -> [UInt8] {
        let length =
            version == 1
            ? [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)]
            : [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8), 0, 0]
        return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + Array(header.utf8) + body
    }

    @Test(arguments: [true, false])
    func `a written array is read back`(halfPrecision: Bool) throws {
        let values = (0..<24).map { Float($0) * 0.25 - 3 }
        let array = NpyArray(shape: [6, 4], values: values, isHalfPrecision: halfPrecision)
        let bytes = array.serialized()
        #expect(try NpyArray(bytes: bytes) == array)
        #expect((bytes.count - 24 * (halfPrecision ? 2 : 4)) % 64 == 0)
    }

    @Test(arguments: [UInt8(1), 2, 3])
    func `every format version is read`(version: UInt8) throws {
        let bytes = Self.file(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", version: version,
            body: [0, 0, 128, 63, 0, 0, 0, 64])
        #expect(try NpyArray(bytes: bytes).values == [1, 2])
    }

    @Test func `column-major files are transposed`() throws {
        let body: [UInt8] = [1, 3, 5, 2, 4, 6].flatMap {
            [UInt8](withUnsafeBytes(of: Float($0).bitPattern.littleEndian, Array.init))
        }
        let bytes = Self.file("{'descr': '<f4', 'fortran_order': True, 'shape': (3, 2), }", body: body)
        #expect(try NpyArray(bytes: bytes).values == [1, 2, 3, 4, 5, 6])
    }

    @Test(arguments: [
        "", "{", "{}", "[]", "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} {}",
    ])
    func `malformed headers are refused`(header: String) {
        #expect(throws: TrainingError.self) {
            try NpyArray(bytes: Self.file(header, body: [UInt8](repeating: 0, count: 8)))
        }
    }

    @Test func `damaged files are read or refused, but never crash`() {
        let good = NpyArray(shape: [5, 3], values: (0..<15).map(Float.init), isHalfPrecision: false).serialized()
        var generator = CounterGenerator(seed: 1, purpose: .sample)
        var read = 0
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0..<generator.integer(1..<6) {
                let place = generator.index(min(bytes.count, 140))
                bytes[place] = UInt8(truncatingIfNeeded: generator.next())
            }
            if generator.chance(0.3) { bytes.removeLast(generator.index(bytes.count)) }
            if (try? NpyArray(bytes: bytes)) != nil { read += 1 }
        }
        #expect(read > 0 && read < 20_000)
    }

    static let hasNumPy: Bool = (try? run("import numpy"))?.status == 0

    static func run(_ program: String) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", program]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    @Test(.enabled(if: hasNumPy)) func `NumPy reads and writes the same files`() throws {
        let folder = try TemporaryFolder()
        let values = (0..<(7 * 64)).map { Float($0) * 0.125 - 20 }
        for half in [true, false] {
            let array = NpyArray(shape: [7, 64], values: values, isHalfPrecision: half)
            try writeFile(array.serialized(), to: folder.file("ours.npy"))
            let sum = try Self.run(
                """
                import numpy
                a = numpy.load('\(folder.file("ours.npy"))')
                assert a.shape == (7, 64) and a.dtype == numpy.\(half ? "float16" : "float32")
                numpy.save('\(folder.file("theirs.npy"))', a * 2)
                numpy.save('\(folder.file("turned.npy"))', numpy.asfortranarray(a))
                print(float(a.astype(float).sum()))
                """)
            #expect(sum.status == 0)
            #expect(Double(sum.output.trimmingCharacters(in: .whitespacesAndNewlines)) == Double(values.reduce(0, +)))
            #expect(try NpyArray(contentsOf: folder.file("theirs.npy")).values == values.map { $0 * 2 })
            #expect(try NpyArray(contentsOf: folder.file("turned.npy")).values == values)
        }
    }
}
