// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Walks over the pages of an Ogg file, to find out whether it is one recording without a hole.
///
/// Source: RFC 3533. libsndfile stops at the end of the first of several chained recordings, and does not say so.
struct OggScan {
    private struct Page {
        var isFirst: Bool
        /// The time of its end in samples; nil if no packet ends on it.
        var granule: UInt64?
        var serial: UInt64
        var content: Int
        var length: Int
    }

    private var file: FileBytes
    /// Seconds of the recordings before this one, and of this one so far.
    private var before = 0.0
    private var seconds = 0.0
    private var rate = 0.0
    private var serial: UInt64 = 0
    private var pageBytes = 0
    private var isPlain = true
    private var holes: [(position: Double, bytes: Int)] = []
    /// Bytes whose sum was formed in vain. A file could make that a thousand times its own length.
    private var vainBytes = 0
    /// So many bytes in vain are no accident, besides those of the file once.
    private static let mostVainBytes = 16 << 20

    /// Scans a file. Returns nil if it is not Ogg, or if its recordings are side by side, as in a video.
    static func shape(_ descriptor: Int32) -> AudioFileShape? {
        var scan = OggScan(file: FileBytes(descriptor))
        return scan.run()
    }

    private init(file: FileBytes) { self.file = file }

    private mutating func run() -> AudioFileShape? {
        guard file.has("OggS", at: 0) else { return nil }
        var place = 0
        var wasFirst = false
        while place < file.count {
            guard vainBytes <= Self.mostVainBytes + file.count else {
                // Another decoder may find its way.
                isPlain = false
                break
            }
            guard let page = page(at: place) else {
                let next = nextPage(from: place + 1)
                // What is cut at the end is no hole.
                if let next {
                    isPlain = false
                    holes.append((before + seconds, next - place))
                }
                place = next ?? file.count
                continue
            }
            if page.isFirst {
                if wasFirst { return nil }
                if place > 0 { isPlain = false }
                before += seconds
                seconds = 0
                serial = page.serial
                rate = sampleRate(at: place + page.content)
            } else if page.serial == serial, let granule = page.granule, rate > 0 {
                seconds = max(seconds, min(Double(granule) / rate, 1e9))
            }
            wasFirst = page.isFirst
            pageBytes += page.length
            place += page.length
        }
        var losses = FileLosses()
        let total = before + seconds
        let bytesPerSecond = total > 0 ? Double(pageBytes) / total : 16_000
        for hole in holes { losses.add(Double(hole.bytes) / bytesPerSecond, at: hole.position) }
        return AudioFileShape(isPlain: isPlain, losses: losses)
    }

    private mutating func nextPage(from start: Int) -> Int? {
        var place = start
        while place < file.count, vainBytes <= Self.mostVainBytes + file.count {
            if file.byte(place) == UInt8(ascii: "O"), page(at: place) != nil { return place }
            place += 1
        }
        return nil
    }

    /// Reads and checks a page; nil if there is none, or a damaged or cut one.
    private mutating func page(at place: Int) -> Page? {
        guard file.has("OggS", at: place), file.byte(place + 4) == 0, let flags = file.byte(place + 5),
            let granule = file.littleEndian(place + 6, bytes: 8), let serial = file.littleEndian(place + 14, bytes: 4),
            let sum = file.littleEndian(place + 22, bytes: 4), let segments = file.byte(place + 26)
        else { return nil }
        let content = 27 + Int(segments)
        var length = content
        for index in 27..<content {
            guard let segment = file.byte(place + index) else { return nil }
            length += Int(segment)
        }
        guard place + length <= file.count else { return nil }
        guard checksum(place, length) == sum else {
            vainBytes += length
            return nil
        }
        return Page(
            isFirst: flags & 2 != 0, granule: granule == .max ? nil : granule, serial: serial, content: content,
            length: length)
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index) << 24) { sum, _ in sum << 1 ^ (sum >> 31 == 1 ? 0x04C1_1DB7 : 0) }
    }

    /// The CRC of a page, in which its own place counts as zero.
    private mutating func checksum(_ place: Int, _ length: Int) -> UInt64 {
        var sum: UInt32 = 0
        for index in 0..<length {
            let byte = (22..<26).contains(index) ? 0 : file.byte(place + index) ?? 0
            sum = sum << 8 ^ Self.table[Int(UInt8(truncatingIfNeeded: sum >> 24) ^ byte)]
        }
        return UInt64(sum)
    }

    /// The unit of the pages' times, from the first packet of a recording; 0 if it is of an unknown kind.
    private mutating func sampleRate(at place: Int) -> Double {
        if file.has("OpusHead", at: place) { return 48_000 }
        if file.has("\u{1}vorbis", at: place) { return Double(file.littleEndian(place + 12, bytes: 4) ?? 0) }
        if file.has("Speex   ", at: place) { return Double(file.littleEndian(place + 36, bytes: 4) ?? 0) }
        // The mapping's 9 bytes, the magic, a block's header, and 10 bytes of the block come first.
        if file.has("\u{7F}FLAC", at: place) { return Double((file.bigEndian(place + 27) ?? 0) >> 12) }
        return 0
    }
}
