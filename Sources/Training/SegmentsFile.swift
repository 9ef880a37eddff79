import Foundation
import Model
import Streaming

/// The classic single-file form of a feature set: `mapping` (the genres), `labels` (an index a segment) and `mfcc`
/// (a segment's frames of coefficients, c0 first, before any normalisation of the level).
///
/// Written as it goes, since it can be larger than memory; beside the target, and renamed at the end.
public final class SegmentsFile {
    private let path: String
    private let temporary: String
    private let genres: [String]
    private let handle: FileHandle
    private let cosine = CosineTransform()
    private var labels: [Int] = []

    public init(path: String, genres: [String]) throws(TrainingError) {
        self.path = path
        self.genres = genres
        temporary = path + ".partial"
        guard FileManager.default.createFile(atPath: temporary, contents: nil),
            let handle = FileHandle(forWritingAtPath: temporary)
        else {
            throw TrainingError(
                .cannotWrite, "cannot write '\(path)': \(String(cString: strerror(errno)))", call: "open", errno: errno)
        }
        self.handle = handle
        let mapping = String(decoding: (try? JSONEncoder().encode(genres)) ?? Data("[]".utf8), as: UTF8.self)
        try write("{\"mapping\":\(mapping),\"mfcc\":[")
    }

    /// Appends a track's whole segments of `windowFrames` frames.
    public func append(_ features: LogMel, genre: String) throws(TrainingError) {
        let length = FrontEnd.version1.windowFrames
        let label = genres.firstIndex(of: genre) ?? 0
        var coefficients = [Float](repeating: 0, count: cosine.outputs)
        for segment in 0..<(features.frames / length) {
            var text = labels.isEmpty ? "" : ","
            for frame in 0..<length {
                features.values.withUnsafeBufferPointer {
                    cosine.process($0.baseAddress! + (segment * length + frame) * features.bands, into: &coefficients)
                }
                text += frame == 0 ? "[[" : ",["
                text += coefficients.map { "\((Double($0) * 1000).rounded() / 1000)" }.joined(separator: ",") + "]"
            }
            try write(text + "]\n")
            labels.append(label)
        }
    }

    /// Completes the file.
    public func finish() throws(TrainingError) {
        try write("],\"labels\":[\(labels.map(String.init).joined(separator: ","))]}\n")
        try? handle.close()
        guard rename(temporary, path) == 0 else {
            throw TrainingError(
                .cannotWrite, "cannot write '\(path)': \(String(cString: strerror(errno)))", call: "rename",
                errno: errno)
        }
    }

    private func write(_ text: String) throws(TrainingError) {
        do {
            try handle.write(contentsOf: Data(text.utf8))
        } catch {
            throw TrainingError(.cannotWrite, "cannot write '\(path)': \(error.localizedDescription)")
        }
    }
}
