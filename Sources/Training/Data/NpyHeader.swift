// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The header of a `.npy` file: a Python dictionary literal with the keys `descr`, `fortran_order` and `shape`.
struct NpyHeader: Equatable {
    enum ElementType: String {
        case float16 = "<f2"
        case float32 = "<f4"

        /// Bytes of an element.
        var width: Int { self == .float16 ? 2 : 4 }
    }

    var type: ElementType
    var shape: [Int]
    /// Whether the first index varies fastest, instead of the last.
    var isFortranOrder: Bool

    init(parsing bytes: ArraySlice<UInt8>) throws(TrainingError) {
        var scanner = Scanner(rest: bytes)
        var type: ElementType?
        var shape: [Int]?
        var order: Bool?
        try scanner.expect("{")
        while !scanner.skip("}") {
            let key = try scanner.string()
            try scanner.expect(":")
            switch key {
            case "descr":
                let name = try scanner.string()
                type = ElementType(rawValue: name)
                if type == nil {
                    throw TrainingError(
                        .unsupported,
                        "a .npy file of type '\(name.prefix(20))'; '<f2' and '<f4' are supported: save it with"
                            + " numpy.save(file, array.astype('float32'))")
                }
            case "fortran_order": order = try scanner.boolean()
            case "shape": shape = try scanner.tuple()
            default: throw TrainingError(.malformed, "a .npy file with an unknown key in its header")
            }
            if !scanner.skip(",") {
                try scanner.expect("}")
                break
            }
        }
        try scanner.expectEnd()
        guard let type, let shape, let order else {
            throw TrainingError(.malformed, "a .npy file whose header lacks descr, fortran_order or shape")
        }
        guard !order || shape.count <= 2 else {
            throw TrainingError(
                .unsupported,
                "a .npy file of \(shape.count) dimensions in Fortran order:"
                    + " save it with numpy.save(file, numpy.ascontiguousarray(array))")
        }
        self.type = type
        self.shape = shape
        isFortranOrder = order
    }

    /// Reads the few forms of Python literals that occur in such a header.
    private struct Scanner {
        var rest: ArraySlice<UInt8>

        private static let malformed = TrainingError(
            .malformed, "a .npy file with a malformed header")

        private mutating func skipSpace() {
            while let byte = rest.first, byte == 32 || (9...13).contains(byte) { rest.removeFirst() }
        }

        mutating func skip(_ symbol: Unicode.Scalar) -> Bool {
            skipSpace()
            guard rest.first == UInt8(ascii: symbol) else { return false }
            rest.removeFirst()
            return true
        }

        mutating func expect(_ symbol: Unicode.Scalar) throws(TrainingError) {
            guard skip(symbol) else { throw Self.malformed }
        }

        mutating func expectEnd() throws(TrainingError) {
            skipSpace()
            guard rest.isEmpty else { throw Self.malformed }
        }

        mutating func string() throws(TrainingError) -> String {
            skipSpace()
            guard let quote = rest.popFirst(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\""),
                let end = rest.firstIndex(of: quote)
            else { throw Self.malformed }
            defer { rest = rest[(end + 1)...] }
            let text = rest[..<end]
            guard text.allSatisfy({ (32..<127).contains($0) && $0 != UInt8(ascii: "\\") }) else { throw Self.malformed }
            return String(decoding: text, as: UTF8.self)
        }

        private mutating func word() -> String {
            skipSpace()
            let end = rest.firstIndex { !(65...90).contains($0) && !(97...122).contains($0) } ?? rest.endIndex
            defer { rest = rest[end...] }
            return String(decoding: rest[..<end], as: UTF8.self)
        }

        mutating func boolean() throws(TrainingError) -> Bool {
            switch word() {
            case "True": return true
            case "False": return false
            default: throw Self.malformed
            }
        }

        mutating func tuple() throws(TrainingError) -> [Int] {
            try expect("(")
            var numbers: [Int] = []
            while !skip(")") {
                skipSpace()
                let end = rest.firstIndex { !(48...57).contains($0) } ?? rest.endIndex
                guard let number = Int(String(decoding: rest[..<end], as: UTF8.self)), numbers.count < 8 else {
                    throw Self.malformed
                }
                rest = rest[end...]
                numbers.append(number)
                if !skip(",") {
                    try expect(")")
                    break
                }
            }
            return numbers
        }
    }
}
