import COpenBLAS
import Foundation

/// What makes probabilities of a network's logits: softmax((logits + offsets) / temperature).
///
/// A network is surest of the labels of which it has heard much. Of artists that it has not heard it says the others too
/// seldom, and that much is the same wherever they are from: offsets make up for it. Both are fitted on what was held
/// out, with each window weighed as training draws it, so that a label or an artist with many windows counts no
/// more than another (bias-corrected temperature scaling: Alexandari, Kundaje and Shrikumar, "Maximum likelihood with
/// bias-corrected calibration is hard-to-beat at label shift adaptation", ICML 2020).
struct Calibration: Equatable {
    var temperature: Float = 1
    /// [labels]; 0 of `no-music` and of a label of which nothing was held out, and 0 in the mean of the others: how much of
    /// what is heard is music is left to the network.
    var offsets: [Float]

    static func none(labels: Int) -> Calibration { Calibration(offsets: [Float](repeating: 0, count: labels)) }

    private init(temperature: Float = 1, offsets: [Float]) {
        self.temperature = temperature
        self.offsets = offsets
    }

    /// Fits it to `outputs` of tracks of `corpus`.
    ///
    /// - Parameter offsets: whether there are any. They flatter where they judge what they were fitted on.
    init(_ outputs: [ClipOutput], of corpus: Corpus, sampling: SamplingConfiguration, offsets: Bool) {
        let index = Dictionary(uniqueKeysWithValues: corpus.tracks.enumerated().map { ($1.name, $0) })
        let sampler = WindowSampler(
            corpus: corpus, training: outputs.compactMap { index[$0.name] }, configuration: sampling)
        let chances = sampler.chances
        self.init(
            outputs, weights: outputs.map { output in index[output.name].flatMap { chances[$0] } ?? 0 },
            labels: corpus.labels.count,
            offsetting: offsets ? Set(corpus.labels.indices).subtracting([corpus.noMusic].compactMap(\.self)) : [])
    }

    /// Fits it to clips of which each has a weight, which its windows share.
    ///
    /// - Parameter offsetting: the labels that may get an offset.
    init(_ outputs: [ClipOutput], weights: [Double], labels: Int, offsetting: Set<Int>) {
        self = .none(labels: labels)
        let likelihood = Likelihood(outputs, weights: weights, labels: labels, offsetting: offsetting)
        guard !likelihood.weights.isEmpty else { return }
        let point = likelihood.maximum()
        // A network whose logits say nothing, or no more than they should, would be given one that no model file takes.
        temperature = Float(1 / min(max(point[0], 0.3), 3.3))
        let mean = likelihood.offset.reduce(0) { $0 + point[1 + $1] } / Double(max(1, likelihood.offset.count))
        for label in likelihood.offset { offsets[label] = Float(point[1 + label] - mean) * temperature }
    }

    /// The same output as it is after calibration: probabilities are softmax(logits).
    func applied(to output: ClipOutput) -> ClipOutput {
        ClipOutput(
            name: output.name, label: output.label, store: output.store, labels: output.labels,
            logits: output.logits.enumerated().map { ($1 + offsets[$0 % output.labels]) / temperature })
    }
}

/// The calibrations of a session: each network's by what the others held out, so that nothing judges what was fitted to it,
/// and the model's by all of that.
struct CrossCalibration {
    /// A network's for each part.
    let parts: [Calibration]
    let whole: Calibration

    /// - Parameter parts: what each network says of what it held out. What all hold out only judges: no network's
    ///   calibration is fitted to it unless there is but one, which then gets a temperature and no offsets.
    init(_ parts: [[ClipOutput]], of corpus: Corpus, sampling: SamplingConfiguration) {
        let none = Calibration.none(labels: corpus.labels.count)
        guard parts.count > 1 else {
            whole = parts.first.map { Calibration($0, of: corpus, sampling: sampling, offsets: false) } ?? none
            self.parts = parts.map { [whole] _ in whole }
            return
        }
        let times = Dictionary(parts.joined().map { ($0.name, 1) }, uniquingKeysWith: +)
        let own = parts.map { $0.filter { times[$0.name] == 1 } }
        func fit(without left: Int?) -> Calibration {
            let outputs = own.enumerated().filter { $0.offset != left }.flatMap(\.element)
            return Calibration(outputs, of: corpus, sampling: sampling, offsets: true)
        }
        whole = fit(without: nil)
        self.parts = parts.indices.map { fit(without: $0) }
    }
}

/// The weighted log-likelihood of windows as a function of (1 / temperature, offsets / temperature), which is concave.
private struct Likelihood {
    /// Every fourth window: neighbours overlap by nine tenths.
    private static let stride = 4
    /// What a distance of 1 from "as the network says it" costs in nats a window: only where there is next to nothing to
    /// fit it matters. From 0.001 to 0.01 no figure of the shipped model changes by more than 0.004.
    private static let reserve = 0.003

    let labels: Int
    /// [windows, labels].
    private var logits: [Double] = []
    private var truths: [Int] = []
    /// Their sum is 1.
    private(set) var weights: [Double] = []
    /// The labels that get an offset.
    let offset: [Int]
    /// The parameters that are fitted; the others stay as they are.
    private let free: [Int]

    init(_ outputs: [ClipOutput], weights: [Double], labels: Int, offsetting: Set<Int>) {
        self.labels = labels
        let total = zip(outputs, weights).reduce(0) { $0 + ($1.0.windows > 0 ? $1.1 : 0) }
        var present: Set<Int> = []
        for (output, weight) in zip(outputs, weights) where output.windows > 0 && weight > 0 {
            let windows = Array(Swift.stride(from: 0, to: output.windows, by: Self.stride))
            for window in windows {
                logits += output.logits[(window * labels)..<((window + 1) * labels)].map(Double.init)
                truths.append(output.label)
                self.weights.append(weight / total / Double(windows.count))
            }
            present.insert(output.label)
        }
        offset = present.intersection(offsetting).sorted()
        free = [0] + offset.map { $0 + 1 }
    }

    /// Newton's method; steps are halved where they would lead down.
    func maximum() -> [Double] {
        var point = [1.0] + [Double](repeating: 0, count: labels)
        var here = value(point)
        for _ in 0..<50 {
            guard let step = step(from: here), step.contains(where: { abs($0) > 1e-6 }) else { break }
            var share = 1.0
            var next = here
            repeat {
                var candidate = point
                for (number, parameter) in free.enumerated() { candidate[parameter] -= share * step[number] }
                next = value(candidate)
                if next.loss <= here.loss { point = candidate }
                share /= 2
            } while next.loss > here.loss && share > 1e-4
            guard next.loss < here.loss else { break }
            here = next
        }
        return point
    }

    private typealias Value = (loss: Double, gradient: [Double], hessian: [Double])

    /// The negative log-likelihood with its derivatives, all over the free parameters.
    private func value(_ point: [Double]) -> Value {
        let count = labels + 1
        var loss = 0.0
        var gradient = [Double](repeating: 0, count: count)
        var hessian = [Double](repeating: 0, count: count * count)
        var probabilities = [Double](repeating: 0, count: labels)
        for (window, truth) in truths.enumerated() {
            let row = logits[(window * labels)..<((window + 1) * labels)]
            let scores = zip(row, point[1...]).map { point[0] * $0 + $1 }
            let largest = scores.max() ?? 0
            let sum = scores.reduce(0) { $0 + exp($1 - largest) }
            for label in 0..<labels { probabilities[label] = exp(scores[label] - largest) / sum }
            let weight = weights[window]
            loss += weight * (log(sum) + largest - scores[truth])
            let mean = zip(probabilities, row).reduce(0) { $0 + $1.0 * $1.1 }
            gradient[0] += weight * (mean - row[row.startIndex + truth])
            for (label, logit) in row.enumerated() {
                let share = weight * probabilities[label]
                gradient[1 + label] += share - (label == truth ? weight : 0)
                hessian[0] += share * (logit - mean) * logit
                hessian[1 + label] += share * (logit - mean)
                for other in 0..<labels {
                    hessian[(1 + label) * count + 1 + other] +=
                        share * ((label == other ? 1 : 0) - probabilities[other])
                }
            }
        }
        for parameter in free {
            let distance = point[parameter] - (parameter == 0 ? 1 : 0)
            loss += Self.reserve * distance * distance
            gradient[parameter] += 2 * Self.reserve * distance
            hessian[parameter * count + parameter] += 2 * Self.reserve
        }
        // Of the mixed derivatives only the first row was summed up.
        for label in 0..<labels { hessian[(1 + label) * count] = hessian[1 + label] }
        return (
            loss, free.map { gradient[$0] }, free.flatMap { row in free.map { hessian[row * count + $0] } }
        )
    }

    /// The inverse of the Hessian times the gradient, by Cholesky's decomposition (LAPACK's dposv).
    private func step(from value: Value) -> [Double]? {
        var (order, columns, info) = (Int32(free.count), Int32(1), Int32(0))
        var (matrix, vector) = (value.hessian, value.gradient)
        var lower = CChar(UInt8(ascii: "L"))
        dposv_(&lower, &order, &columns, &matrix, &order, &vector, &order, &info)
        return info == 0 ? vector : nil
    }
}
