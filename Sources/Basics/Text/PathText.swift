// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// Paths as text. To the system they are bytes, and not every name is UTF-8: old rips and sticks have Latin-1.
///
/// A byte that is no UTF-8 becomes a character of the last private plane, from which it comes back unchanged. Such
/// characters are never shown: `printable` writes `\xF6`. Other programs have the same idea; Python calls it
/// "surrogateescape", but Swift's strings have no surrogates.
package enum PathText {
    /// U+10FF80 to U+10FFFF stand for the bytes 80 to FF.
    private static let base: UInt32 = 0x10_FF00

    /// The byte that a character stands for, if it stands for one.
    package static func byte(_ scalar: Unicode.Scalar) -> UInt8? {
        scalar.value >= base + 0x80 ? UInt8(scalar.value - base) : nil
    }

    /// Decodes the bytes of a path.
    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        func escape(_ bytes: some Sequence<UInt8>) {
            // Safe: below 10FFFF, and no surrogate. ASCII is always valid.
            for byte in bytes { text.append(Unicode.Scalar(base + UInt32(byte)) ?? "?") }
        }
        var (parser, rest) = (UTF8.ForwardParser(), Array(bytes)[...])
        while !rest.isEmpty {
            var iterator = rest.makeIterator()
            switch parser.parseScalar(from: &iterator) {
            case .valid(let encoded):
                let scalar = UTF8.decode(encoded)
                // A name may have such a character of its own.
                if byte(scalar) == nil { text.append(scalar) } else { escape(encoded) }
                rest = rest.dropFirst(encoded.count)
            case .error(let length):
                escape(rest.prefix(length))
                rest = rest.dropFirst(length)
            case .emptyInput: rest = []
            }
            // It may have read ahead; each character is parsed anew.
            parser = UTF8.ForwardParser()
        }
        return String(text)
    }

    /// The bytes of a path.
    package static func bytes(_ text: some StringProtocol) -> [UInt8] {
        text.unicodeScalars.reduce(into: []) { bytes, scalar in
            if let byte = byte(scalar) { bytes.append(byte) } else { bytes += UTF8.encode(scalar)! }
        }
    }

    /// Passes a path to a function of the C library.
    package static func withPath<Result>(_ text: String, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        var bytes = bytes(text).map(CChar.init(bitPattern:))
        bytes.append(0)
        return bytes.withUnsafeBufferPointer { bytes in body(bytes.baseAddress!) }
    }

    /// Whether a path is all UTF-8.
    package static func isText(_ text: String) -> Bool { !text.unicodeScalars.contains { byte($0) != nil } }

    /// A path for JSON: bytes that are no UTF-8 become U+FFFD.
    package static func replaced(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { scalars.append(byte(scalar) == nil ? scalar : "\u{FFFD}") }
        return String(scalars)
    }

    /// A path in which bytes that are no UTF-8, control characters, percent signs and `others` are written %XX, as in a
    /// URI.
    package static func percentEncoded(_ text: String, also others: String = "") -> String {
        var encoded = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isPlain =
                byte(scalar) == nil && scalar != "%" && scalar.value >= 0x20 && scalar.value != 0x7F
                && !others.unicodeScalars.contains(scalar)
            if isPlain {
                encoded.append(scalar)
            } else {
                for byte in bytes(String(scalar)) { encoded.append(contentsOf: percent(byte).unicodeScalars) }
            }
        }
        return String(encoded)
    }

    /// A byte as %XX.
    package static func percent(_ byte: UInt8) -> String { "%" + hex(byte) }

    /// Two hexadecimal digits.
    static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }

    /// The arguments of this program, without its name. Swift's own repairs what is not UTF-8.
    package static func arguments() -> [String] {
        (1..<max(1, Int(CommandLine.argc))).compactMap { index in
            // Safe: argc pointers to strings, which live as long as the program.
            CommandLine.unsafeArgv[index].map { argument in
                text(UnsafeBufferPointer(start: argument, count: strlen(argument)).map(UInt8.init(bitPattern:)))
            }
        }
    }
}
