// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Takes what a station writes into its notes: untrusted bytes, of any kind and at any speed. Its memory is bounded, and
/// so is the number of notes that come out.
struct StationIntake {
    /// Bytes.
    static let longestLine = 4096
    /// Lines that count of those within a second: the last ones.
    static let linesPerSecond = 10

    /// Lines that were ignored: too long, too many, or no notes.
    private(set) var ignored = 0
    private var splitter = LineSplitter(limit: Self.longestLine)
    private var lines: [[UInt8]] = []
    private var budget = Double(Self.linesPerSecond)
    private var last: Double

    /// - Parameter now: monotonic seconds.
    init(at now: Double = monotonicSeconds()) { last = now }

    /// Whether lines wait until more may come out.
    var isWaiting: Bool { !lines.isEmpty }

    mutating func process(_ bytes: some Collection<UInt8>) {
        // Copies: the closure may not touch `self` while the splitter changes.
        var (lines, ignored) = (lines, ignored)
        splitter.process(bytes) { Self.keep($0, &lines, &ignored) }
        (self.lines, self.ignored) = (lines, ignored)
    }

    /// The writer is gone: its last line may lack a newline.
    mutating func finish() {
        if let item = splitter.finish() { Self.keep(item, &lines, &ignored) }
    }

    private static func keep(_ item: LineSplitter.Item, _ lines: inout [[UInt8]], _ ignored: inout Int) {
        guard case .line(let line) = item else {
            ignored += 1
            return
        }
        if lines.count == linesPerSecond {
            lines.removeFirst()
            ignored += 1
        }
        lines.append(line)
    }

    /// Returns the notes of the lines that wait, oldest first; none of them while that would be too many.
    ///
    /// - Parameter now: monotonic seconds.
    mutating func takeNotes(at now: Double = monotonicSeconds()) -> [StationNote] {
        let most = Double(Self.linesPerSecond)
        budget = min(most, budget + max(0, now - last) * most)
        last = now
        guard isWaiting, budget >= Double(lines.count) else { return [] }
        budget -= Double(lines.count)
        defer { lines.removeAll() }
        return lines.flatMap { line in
            do throws(JSONError) {
                return try StationNote.read(line)
            } catch {
                ignored += 1
                return []
            }
        }
    }
}
