// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Walks over the frames of an MP3 file, to find out whether it is one recording without a hole.
struct MPEGScan {
    /// Bytes of other data that libmpg123 skips.
    private static let tolerated = 1000
    /// The most bytes before the first frame of a file that was cut out of a broadcast: a frame, and what it borrows.
    private static let longestStart = 2048
    /// A tail without frames that is longer, in seconds, was audio.
    private static let longestTail = 1.0
    /// Frames in a row that make a beginning.
    private static let sureFrames = 4

    private var file: FileBytes
    private var seconds = 0.0
    private var audioBytes = 0
    private var isPlain = true
    private var holes: [(position: Double, bytes: Int)] = []
    private var missing = 0.0
    /// Of the recording that is walked over.
    private var expectedFrames: Int?
    private var frames = 0
    private var current: MPEGHeader?

    /// Scans a file.
    ///
    /// - Parameter beginsAnywhere: whether its first frame may be behind other data.
    /// - Returns: nil if it is no MPEG audio.
    static func shape(_ descriptor: Int32, beginsAnywhere: Bool) -> AudioFileShape? {
        var scan = MPEGScan(file: FileBytes(descriptor))
        return scan.run(beginsAnywhere: beginsAnywhere)
    }

    private init(file: FileBytes) { self.file = file }

    private mutating func run(beginsAnywhere: Bool) -> AudioFileShape? {
        var place = 0
        while let end = tag(at: place) { place = end }
        let start = place
        if !isChain(at: start, of: beginsAnywhere || start > 0 ? Self.sureFrames : 2) {
            guard beginsAnywhere || start > 0, let first = nextChain(from: start, frames: Self.sureFrames)
            else { return nil }
            if first - start > Self.longestStart { holes.append((0, first - start)) }
            if first - start > Self.tolerated { isPlain = false }
            place = first
        }
        while place < file.count {
            if let header = header(place) {
                take(header, at: place)
                place += header.length
            } else {
                place = skip(from: place)
            }
        }
        endRecording()
        return finished()
    }

    private mutating func take(_ header: MPEGHeader, at place: Int) {
        if let current, !header.continues(current) {
            isPlain = false
            endRecording()
        }
        if let count = announcedFrames(header, at: place) {
            if current != nil {
                isPlain = false
                endRecording()
            }
            (expectedFrames, current) = (count > 0 ? count : nil, header)
            return
        }
        // The last frame may be cut.
        guard place + header.length <= file.count else { return }
        current = header
        frames += 1
        seconds += Double(header.samples) / Double(header.rate)
        audioBytes += header.length
    }

    /// Compares what a recording announced with what there was, unless holes explain the difference.
    private mutating func endRecording() {
        defer { (expectedFrames, frames) = (nil, 0) }
        guard let current, let expectedFrames, holes.isEmpty else { return }
        let absent = Double(expectedFrames - frames) * Double(current.samples) / Double(current.rate)
        if absent > 0.1 { missing += absent }
    }

    /// Passes over what is no frame: tags, or damage. Returns where the next frame is, or the end of the file.
    private mutating func skip(from start: Int) -> Int {
        var place = start
        while let end = tag(at: place) { place = end }
        guard place < file.count else { return file.count }
        if place > start, header(place) != nil {
            // Tags between frames: two recordings were joined.
            isPlain = false
            endRecording()
            current = nil
            return place
        }
        let next = nextChain(from: place, frames: 2)
        let lost = (next ?? file.count) - place
        if next != nil || Double(lost) > Self.longestTail * bytesPerSecond {
            // Less than a frame was none.
            if Double(lost) >= 0.8 * Double(current?.length ?? 1) { holes.append((seconds, lost)) }
            if lost > Self.tolerated { isPlain = false }
        }
        return next ?? file.count
    }

    private var bytesPerSecond: Double { seconds > 0 ? Double(audioBytes) / seconds : 16_000 }

    private func finished() -> AudioFileShape? {
        guard seconds > 0 else { return nil }
        var losses = FileLosses()
        for hole in holes { losses.add(Double(hole.bytes) / bytesPerSecond, at: hole.position) }
        losses.missingSeconds = missing
        return AudioFileShape(isPlain: isPlain, losses: losses)
    }

    // MARK: What is at a place

    private mutating func header(_ place: Int) -> MPEGHeader? { file.bigEndian(place).flatMap(MPEGHeader.init) }

    /// Whether frames of one recording follow each other, or end with the file.
    private mutating func isChain(at start: Int, of count: Int) -> Bool {
        guard let first = header(start) else { return false }
        var place = start
        for _ in 0..<count {
            guard let next = header(place) else { return place >= file.count - 128 && place > start }
            guard next.layer == first.layer, next.isFirst == first.isFirst, next.rate == first.rate
            else { return false }
            place += next.length
        }
        return true
    }

    private mutating func nextChain(from start: Int, frames: Int) -> Int? {
        var place = start
        while place < file.count {
            if file.byte(place) == 0xFF, isChain(at: place, of: frames) { return place }
            place += 1
        }
        return nil
    }

    /// The number of frames that an encoder's first frame, which holds no audio, announces: 0 if it does not say; nil if
    /// this is an ordinary frame.
    private mutating func announcedFrames(_ header: MPEGHeader, at place: Int) -> Int? {
        guard header.layer == 3 else { return nil }
        let offset = place + header.informationOffset
        if file.has("Xing", at: offset) || file.has("Info", at: offset) {
            guard let flags = file.bigEndian(offset + 4), flags & 1 != 0 else { return 0 }
            return Int(file.bigEndian(offset + 8) ?? 0)
        }
        return file.has("VBRI", at: place + 36) ? Int(file.bigEndian(place + 50) ?? 0) : nil
    }

    /// Where the tag at a place ends; nil if there is none.
    ///
    /// Sources: id3.org (ID3v1, ID3v2.4), the APEv2 specification.
    private mutating func tag(at place: Int) -> Int? {
        if file.has("ID3", at: place) {
            var size = 0
            for index in 6..<10 {
                guard let byte = file.byte(place + index), byte < 0x80 else { return nil }
                size = size << 7 | Int(byte)
            }
            let footer = (file.byte(place + 5) ?? 0) & 0x10 != 0 ? 10 : 0
            return min(place + 10 + size + footer, file.count)
        }
        if file.has("APETAGEX", at: place), let size = file.littleEndian(place + 12, bytes: 4),
            let flags = file.littleEndian(place + 20, bytes: 4)
        {
            // The size counts the items and the footer; a header is 32 bytes more. Here is a header, or only a footer.
            return min(place + 32 + (flags & 0x2000_0000 != 0 ? Int(size) : 0), file.count)
        }
        if file.has("TAG+", at: place) { return min(place + 227, file.count) }
        return file.has("TAG", at: place) ? min(place + 128, file.count) : nil
    }
}
