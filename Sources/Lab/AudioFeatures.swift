import Capture
import Foundation
import Streaming
import Training

/// The features of an audio file, by the front end that the daemon listens with.
enum AudioFeatures {
    /// Reads a file to its end.
    static func read(_ path: String) throws -> LogMel {
        let reader = try AudioFileReader(path: path)
        let frames = try AudioFrames(inputRate: reader.format.sampleRate)
        var values: [Float] = []
        let block = UnsafeMutableBufferPointer<Float>.allocate(capacity: 1 << 16)
        defer { block.deallocate() }
        while case let count = reader.read(into: block), count > 0 {
            frames.push(UnsafeBufferPointer(rebasing: block[..<count])) { values.append(contentsOf: $0.bands) }
        }
        frames.finish { values.append(contentsOf: $0.bands) }
        return LogMel(values: values)
    }
}
