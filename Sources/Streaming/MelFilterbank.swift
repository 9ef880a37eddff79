import Foundation
import Model

/// Triangular filters on the mel scale of Slaney's Auditory Toolbox, each of unit area, as
/// `librosa.filters.mel(sr=22050, n_fft=2048, n_mels=64)` gives them, and the logarithm of what they let through. Only
/// weights that are not zero are kept.
public struct MelFilterbank: Sendable {
    /// For each band the first FFT bin it weighs, and where its weights lie in `weights`.
    let bands: [(firstBin: Int, weights: Range<Int>)]
    let weights: [Float]
    /// The least power that a band has.
    private let floor: Float

    public init(frontEnd: FrontEnd = .version1) {
        floor = Float(frontEnd.logFloor)
        let count = frontEnd.melBands
        let low = Self.mel(frontEnd.minimumFrequency)
        let high = Self.mel(frontEnd.maximumFrequency)
        let edges = (0..<(count + 2)).map { Self.hertz(low + (high - low) * Double($0) / Double(count + 1)) }
        let bins = frontEnd.frameLength / 2 + 1
        let binWidth = Double(frontEnd.sampleRate) / Double(frontEnd.frameLength)
        var bands: [(Int, Range<Int>)] = []
        var weights: [Float] = []
        for band in 0..<count {
            let start = weights.count
            var firstBin: Int?
            for bin in 0..<bins {
                let frequency = Double(bin) * binWidth
                let rising = (frequency - edges[band]) / (edges[band + 1] - edges[band])
                let falling = (edges[band + 2] - frequency) / (edges[band + 2] - edges[band + 1])
                let height = max(0, min(rising, falling))
                if height > 0 {
                    if firstBin == nil { firstBin = bin }
                    weights.append(Float(height * 2 / (edges[band + 2] - edges[band])))
                }
            }
            bands.append((firstBin ?? 0, start..<weights.count))
        }
        self.bands = bands
        self.weights = weights
    }

    /// The bands, in dB, of a power spectrum of frameLength / 2 + 1 bins.
    public func process(_ power: UnsafePointer<Float>, into target: UnsafeMutableBufferPointer<Float>) {
        weights.withUnsafeBufferPointer { weights in
            for (band, (firstBin, range)) in bands.enumerated() {
                var sum: Float = 0
                for (index, weight) in range.enumerated() { sum += weights[weight] * power[firstBin + index] }
                target[band] = 10 * log10(max(sum, floor))
            }
        }
    }

    // Slaney's scale: linear to 1 kHz, logarithmic above.
    private static let linearStep = 200.0 / 3
    private static let breakFrequency = 1000.0
    private static let logStep = Foundation.log(6.4) / 27

    private static func mel(_ hertz: Double) -> Double {
        hertz < breakFrequency
            ? hertz / linearStep : breakFrequency / linearStep + Foundation.log(hertz / breakFrequency) / logStep
    }

    private static func hertz(_ mel: Double) -> Double {
        let breakMel = breakFrequency / linearStep
        return mel < breakMel ? mel * linearStep : breakFrequency * Foundation.exp((mel - breakMel) * logStep)
    }
}
