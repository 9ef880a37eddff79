// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Synchronization
import TestSupport

/// Writes audio to FIFOs: 16-bit mono at 22 050 Hz.
final class Feeder: Sendable {
    enum Sound: Sendable {
        case silence, noise, tone
        /// The writer closes the FIFO.
        case nothing

        /// A second of it.
        var bytes: [UInt8] {
            switch self {
            case .silence: [UInt8](repeating: 0, count: 44_100)
            case .noise: Self.bytes(TestSupport.noise(seconds: 1))
            case .tone: Self.bytes((0..<22_050).map { 0.3 * sin(2 * .pi * 440 * Float($0) / 22_050) })
            case .nothing: []
            }
        }

        private static func bytes(_ samples: [Float]) -> [UInt8] {
            samples.flatMap { WAV.little(Int16($0 * 32_767)) }
        }
    }

    private struct Line {
        let path: String
        var sound = Sound.silence
        /// -1 while the FIFO is closed or has no reader.
        var descriptor: Int32 = -1
        /// Whether `alternate` writes to it.
        var isTaken = false
    }

    private struct State {
        var lines: [String: Line] = [:]
        var isEnded = false
    }

    private static let interval = 0.06
    private static let seconds: [Sound: [UInt8]] = [
        .silence: Sound.silence.bytes, .noise: Sound.noise.bytes, .tone: Sound.tone.bytes,
    ]

    private let state = Mutex(State())

    init() {
        // Ends with `end`.
        Thread.detachNewThread { [self] in
            var next = monotonicSeconds()
            var turn = 0
            while state.withLock({ state in
                for name in state.lines.keys { Self.step(&state.lines[name]!, turn) }
                return !state.isEnded
            }) {
                turn += 1
                next = max(next + Self.interval, monotonicSeconds() - 1)
                usleep(UInt32(max(0, next - monotonicSeconds()) * 1e6))
            }
        }
    }

    func end() {
        state.withLock { state in
            state.isEnded = true
            for line in state.lines.values where line.descriptor >= 0 { close(line.descriptor) }
            state.lines = [:]
        }
    }

    /// Sets the FIFOs to feed; those that are fed already go on.
    func feed(_ fifos: [(name: String, path: String)]) {
        state.withLock { state in
            for (name, line) in state.lines where !fifos.contains(where: { $0.name == name }) {
                if line.descriptor >= 0 { close(line.descriptor) }
                state.lines[name] = nil
            }
            for (name, path) in fifos where state.lines[name] == nil { state.lines[name] = Line(path: path) }
        }
    }

    func play(_ sound: Sound, on name: String) { state.withLock { $0.lines[name]?.sound = sound } }

    /// Writes silence and noise in turn, as fast as they are read, and returns when all of it is written.
    func alternate(seconds: Double, times: Int, on name: String) async {
        let count = Int(seconds * 22_050) * 2
        let part = Self.seconds[.silence]!.prefix(count) + Self.seconds[.noise]!.prefix(count)
        let bytes = Array(repeatElement(part, count: times).joined())
        state.withLock { $0.lines[name]?.isTaken = true }
        var written = 0
        _ = await eventually(within: 60) {
            written += state.withLock { state in
                state.lines[name].map { _ in Self.write(bytes[written...], to: &state.lines[name]!) } ?? bytes.count
            }
            return written >= bytes.count
        }
        state.withLock { $0.lines[name]?.isTaken = false }
    }

    private static func step(_ line: inout Line, _ turn: Int) {
        if line.isTaken { return }
        guard let second = seconds[line.sound] else {
            if line.descriptor >= 0 { close(line.descriptor) }
            line.descriptor = -1
            return
        }
        let count = Int(interval * 22_050) * 2
        let start = turn % 16 * count
        _ = write(second[start..<(start + count)], to: &line)
    }

    /// Writes without waiting; returns the number of bytes.
    private static func write(_ bytes: ArraySlice<UInt8>, to line: inout Line) -> Int {
        if line.descriptor < 0 { line.descriptor = open(line.path, O_WRONLY | O_NONBLOCK | O_CLOEXEC) }
        guard line.descriptor >= 0 else { return 0 }
        let count = bytes.withUnsafeBytes { Glibc.write(line.descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno != EAGAIN {
            close(line.descriptor)
            line.descriptor = -1
        }
        // A sample is not torn: the size of a pipe and that of a piece are even.
        return max(0, count)
    }
}
