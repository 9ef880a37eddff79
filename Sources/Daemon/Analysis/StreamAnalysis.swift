import Model
import Streaming

/// What all sources are analysed with.
struct AnalysisSettings: Sendable {
    var model: GenreModel
    /// Seconds between estimates.
    var updateInterval: Double
    var estimator: EstimatorParameters
}

/// The analysis of one stream: from samples at one rate to the ring that the hub reads.
final class StreamAnalysis: @unchecked Sendable {
    // Safe to share: made by one thread and handed over, through a lock, to the worker that is its only user; of
    // `estimates` the hub uses the consumer's side, and `labels` never changes.
    let estimates: EstimateRing
    let labels: [String]
    private let classifier: StreamingClassifier
    /// Seconds heard of the same opening of the source by what this one replaced.
    private var offset = 0.0
    /// Estimates that one turn can bring: a ring full of samples, and the stream's end.
    private let estimatesPerTurn: Int

    init(sampleRate: Int, ringCapacity: Int, settings: AnalysisSettings) throws(StreamingError) {
        classifier = try StreamingClassifier(
            model: settings.model, inputRate: sampleRate, updateInterval: settings.updateInterval,
            estimator: settings.estimator)
        labels = settings.model.labels
        let seconds = Double(ringCapacity) / Double(sampleRate)
        estimatesPerTurn = Int(seconds / classifier.updateInterval) + 4
        estimates = EstimateRing(capacity: max(32, 4 * estimatesPerTurn), labels: labels.count)
    }

    var position: Double { offset + classifier.position }

    /// Whether the hub has left room for all that one turn can bring.
    var hasRoom: Bool { estimates.hasRoom(for: estimatesPerTurn) }

    /// Returns whether anything was published.
    func process(_ samples: UnsafeBufferPointer<Float>) -> Bool {
        var any = false
        classifier.process(samples) { estimate in
            append(estimate)
            any = true
        }
        return any
    }

    func finish() {
        classifier.finish { append($0) }
    }

    private func append(_ estimate: StreamEstimate) {
        estimates.append(
            EstimateRing.Record(
                position: offset + estimate.position, state: estimate.state, label: estimate.label,
                confidence: estimate.confidence, level: estimate.level, probabilities: estimate.probabilities,
                window: estimate.window))
    }

    /// Goes on where `previous` stops, in the same opening of the source.
    func follow(_ previous: StreamAnalysis) { offset = previous.position }

    /// Begins anew after a hole in the audio, in the same opening of the source.
    func restart() {
        offset = position
        classifier.reset()
    }
}
