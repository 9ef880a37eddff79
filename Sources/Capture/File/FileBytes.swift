// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// The bytes of an open file, read in pieces. It neither uses nor moves the file's position.
struct FileBytes {
    /// The number of bytes when it was opened.
    let count: Int
    private let descriptor: Int32
    private var window: [UInt8] = []
    private var start = 0

    private static let piece = 256 << 10

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var status = stat()
        count = fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// The byte at a place, or nil behind the end.
    mutating func byte(_ place: Int) -> UInt8? {
        if place < start || place >= start + window.count { load(place) }
        let index = place - start
        return window.indices.contains(index) ? window[index] : nil
    }

    /// Whether a text stands at a place.
    mutating func has(_ text: StaticString, at place: Int) -> Bool {
        for index in 0..<text.utf8CodeUnitCount where byte(place + index) != text.utf8Start[index] { return false }
        return true
    }

    /// A number of up to 8 bytes, the lowest first; nil behind the end.
    mutating func littleEndian(_ place: Int, bytes: Int) -> UInt64? {
        var number: UInt64 = 0
        for index in (0..<bytes).reversed() {
            guard let byte = byte(place + index) else { return nil }
            number = number << 8 | UInt64(byte)
        }
        return number
    }

    /// A number of 4 bytes, the highest first; nil behind the end.
    mutating func bigEndian(_ place: Int) -> UInt32? { littleEndian(place, bytes: 4).map { UInt32($0).byteSwapped } }

    private mutating func load(_ place: Int) {
        start = place
        if window.count < Self.piece { window = [UInt8](repeating: 0, count: Self.piece) }
        var filled = 0
        while place >= 0, place < count, filled < Self.piece {
            let result = window.withUnsafeMutableBytes { bytes in
                pread(descriptor, bytes.baseAddress! + filled, bytes.count - filled, off_t(place + filled))
            }
            if result < 0, errno == EINTR { continue }
            if result <= 0 { break }
            filled += result
        }
        window.removeLast(window.count - filled)
    }
}
