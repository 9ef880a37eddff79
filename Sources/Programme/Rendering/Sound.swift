// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CSndfile
import CSoxr
import Foundation

/// Stereo audio in memory at 48 kHz; full scale is ±1.
struct Sound: Sendable {
    static let sampleRate = 48_000

    /// The samples of the left and right channel, alternating.
    var samples: [Float]

    var frames: Int { samples.count / 2 }
    var seconds: Double { Double(frames) / Double(Self.sampleRate) }

    static func silence(seconds: Double) -> Sound {
        Sound(samples: [Float](repeating: 0, count: 2 * Int((seconds * Double(sampleRate)).rounded())))
    }

    /// Reads a file in any format of libsndfile, with one or two channels, at any sample rate.
    init(contentsOf url: URL) throws {
        var info = SF_INFO()
        guard let file = sf_open(url.path, Int32(SFM_READ), &info) else {
            throw RenderingError(.fileFailed, "cannot read \(url.path): \(String(cString: sf_strerror(nil)))")
        }
        defer { sf_close(file) }
        let channels = Int(info.channels)
        guard (1...2).contains(channels), info.frames > 0 else {
            throw RenderingError(
                .fileFailed, "\(url.path) has \(info.frames) frames of \(channels) channels; expected 1 or 2 channels")
        }
        var read = [Float](repeating: 0, count: Int(info.frames) * channels)
        let count = Int(sf_readf_float(file, &read, info.frames))
        read.removeLast(read.count - count * channels)
        let stereo = channels == 2 ? read : read.flatMap { [$0, $0] }
        samples = try Self.resample(stereo, from: Int(info.samplerate))
    }

    init(samples: [Float]) { self.samples = samples }

    private static func resample(_ samples: [Float], from rate: Int) throws -> [Float] {
        guard rate != sampleRate else { return samples }
        let frames = samples.count / 2
        let room = Int((Double(frames) * Double(sampleRate) / Double(rate)).rounded(.up)) + 16
        var output = [Float](repeating: 0, count: room * 2)
        var produced = 0
        let failure = soxr_oneshot(
            Double(rate), Double(sampleRate), 2, samples, frames, nil, &output, room, &produced, nil, nil, nil)
        if let failure {
            throw RenderingError(
                .fileFailed, "cannot resample \(rate) Hz to \(sampleRate) Hz: \(String(cString: failure))")
        }
        return Array(output.prefix(produced * 2))
    }

    /// Writes a WAV file with 16 bits.
    func write(to url: URL) throws {
        var info = SF_INFO()
        info.samplerate = Int32(Self.sampleRate)
        info.channels = 2
        info.format = Int32(SF_FORMAT_WAV | SF_FORMAT_PCM_16)
        guard let file = sf_open(url.path, Int32(SFM_WRITE), &info) else {
            throw RenderingError(.fileFailed, "cannot write \(url.path): \(String(cString: sf_strerror(nil)))")
        }
        sf_command(file, Int32(SFC_SET_CLIPPING), nil, 1)
        let written = sf_writef_float(file, samples, sf_count_t(frames))
        let closed = sf_close(file)
        guard written == frames, closed == 0 else {
            throw RenderingError(.fileFailed, "cannot write all of \(url.path); is the disk full?")
        }
    }
}
