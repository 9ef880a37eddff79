// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CLateLibraries
import CSndfile
import Foundation
import Streaming
import Training

/// Lossy encoding and decoding by libsndfile.
enum Codec: String, CaseIterable {
    case mp3, opus

    var summary: String {
        switch self {
        case .mp3: "MP3 at its lowest rates"
        case .opus: "Opus at its lowest rates"
        }
    }

    private var format: Int32 {
        switch self {
        case .mp3: Int32(SF_FORMAT_MPEG) | Int32(SF_FORMAT_MPEG_LAYER_III)
        case .opus: Int32(SF_FORMAT_OGG) | Int32(SF_FORMAT_OPUS)
        }
    }

    /// Sample rates that the codec supports. Audio of another rate is resampled to 48 000 Hz and back.
    private var rates: [Int] {
        switch self {
        case .mp3: [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]
        case .opus: [8_000, 12_000, 16_000, 24_000, 48_000]
        }
    }

    /// Encodes and decodes samples.
    func apply(to samples: [Float], rate: Int) throws -> [Float] {
        if rates.contains(rate) { return try coded(samples, rate: rate) }
        let resampled = try Self.resampled(samples, from: rate, to: 48_000)
        return Array(try Self.resampled(coded(resampled, rate: 48_000), from: 48_000, to: rate).prefix(samples.count))
    }

    private static func resampled(_ samples: [Float], from rate: Int, to other: Int) throws -> [Float] {
        let resampler = try Resampler(inputRate: rate, outputRate: other, workspace: Workspace())
        var result: [Float] = []
        func append(_ block: Span<Float>) { block.withUnsafeBufferPointer { result.append(contentsOf: $0) } }
        for start in stride(from: 0, to: samples.count, by: Resampler.block) {
            let end = min(samples.count, start + Resampler.block)
            resampler.process(samples.span.extracting(start..<end), append)
        }
        resampler.finish(append)
        return result
    }

    private func coded(_ samples: [Float], rate: Int) throws -> [Float] {
        if let reason = load_libsndfile() {
            throw Self.failure("libsndfile cannot be loaded: \(String(cString: reason))", "dlopen")
        }
        guard let file = tmpfile() else { throw Self.failure("cannot make a temporary file", "tmpfile") }
        defer { fclose(file) }
        var info = SF_INFO()
        info.samplerate = Int32(rate)
        info.channels = 1
        info.format = format
        guard let writer = sf_open_fd(fileno(file), Int32(SFM_WRITE), &info, 0) else {
            throw Self.failure(
                "cannot encode \(rawValue) at \(rate) Hz: \(String(cString: sf_strerror(nil)))", "sf_open_fd")
        }
        // From 0, the best quality, to 1, the smallest file.
        var level = 0.9
        sf_command(writer, Int32(SFC_SET_COMPRESSION_LEVEL), &level, Int32(MemoryLayout<Double>.size))
        let bounded = samples.map { max(-1, min(1, $0)) }
        let written = sf_write_float(writer, bounded, sf_count_t(bounded.count))
        sf_close(writer)
        guard written == bounded.count else { throw Self.failure("\(rawValue) encoding failed", "sf_write_float") }
        rewind(file)
        info = SF_INFO()
        guard let reader = sf_open_fd(fileno(file), Int32(SFM_READ), &info, 0) else {
            throw Self.failure("cannot decode \(rawValue): \(String(cString: sf_strerror(nil)))", "sf_open_fd")
        }
        defer { sf_close(reader) }
        var decoded = [Float](repeating: 0, count: samples.count)
        let read = Int(sf_read_float(reader, &decoded, sf_count_t(decoded.count)))
        return Array(decoded[..<max(0, read)])
    }

    private static func failure(_ message: String, _ call: String) -> TrainingError {
        TrainingError(.unsupported, message, call: call)
    }
}
