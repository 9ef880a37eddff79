// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

/// A trained network with everything needed to run and evaluate it.
package struct GenreModel: Sendable {
    package let frontEnd: FrontEnd
    package let architecture: Architecture
    /// The classes, in the order of the logits.
    package let labels: [String]
    /// Calibration temperature, fitted on held-out data: probabilities are softmax(logits / temperature).
    package private(set) var temperature: Float
    private var storedCard: StoredCard
    /// The weights as the file has them; nil in a model `forInference`.
    private(set) var weights: Weights?
    /// The network as inference computes it, shared by all copies of this model.
    private(set) var network: QuantizedNetwork
    private var identity = Identity()

    /// The usual label of the class for audio that is not music: speech, noise, crowds.
    package static let noMusic = "no-music"
    /// Indices of the labels for audio that is not music: of `no-music`, or of several that tell its kinds apart, such as
    /// `speech` and `noise`. Empty if the model has no such class.
    package let noMusicLabels: [Int]

    /// The file's card: training data, split and measured quality, with keys and values as in the file. The file's text is
    /// parsed when it is asked for, so that a start does not wait for it.
    package var card: [String: String] {
        switch storedCard {
        case .text(let text): ModelCard.texts(ofCard: text)
        case .texts(let texts): texts
        }
    }

    private final class Identity: Sendable {}

    private enum StoredCard {
        /// As in the file's metadata.
        case text(String)
        case texts([String: String])
    }

    /// Number of weights and biases.
    package var parameterCount: Int {
        architecture.parameterCount(coefficients: frontEnd.coefficients, labels: labels.count)
    }

    /// Makes a model from its tensors: `blocks.N.weight` [out, in, kernel], `blocks.N.bias` [out], `head.weight`
    /// [labels, features], `head.bias` [labels].
    ///
    /// In an architecture with branches, the names of a branch's tensors begin with `branches.B.`. A branch with bands
    /// also has `input.weight` [bands, coefficients], `input.bias` [bands], `blocks2d.N.weight` [out, in, time,
    /// frequency] and `blocks2d.N.bias` [out]; the inputs of its first 1-D block are the channels of the lowest
    /// remaining band, then those of the next. A branch's features are its means, then its maxima, then its standard
    /// deviations.
    ///
    /// - Parameter noMusic: the labels for audio that is not music; nil for `no-music`, if that is one of the labels.
    /// - Throws: `unsupported` if architecture, labels or temperature are out of range, `badTensor` if the tensors do
    ///   not fit the architecture or hold numbers that are not finite.
    package init(
        architecture: Architecture, labels: [String], noMusic: [String]? = nil, temperature: Float,
        card: [String: String], tensors: [String: SafeTensors.Tensor]
    ) throws(ModelError) {
        try self.init(
            architecture: architecture, labels: labels, noMusic: noMusic, temperature: temperature,
            storedCard: .texts(card), tensors: tensors)
    }

    private init(
        architecture: Architecture, labels: [String], noMusic: [String]?, temperature: Float, storedCard: StoredCard,
        tensors: [String: SafeTensors.Tensor]
    ) throws(ModelError) {
        let frontEnd = FrontEnd.version1
        if let problem = architecture.problem(frontEnd: frontEnd) { throw ModelError(.unsupported, problem) }
        guard (2...64).contains(labels.count), Set(labels).count == labels.count,
            labels.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 64 && !$0.unicodeScalars.contains { $0.value < 32 } })
        else {
            throw ModelError(
                .unsupported,
                "a model has 2 to 64 labels, all different, each of 1 to 64 bytes without control characters")
        }
        let known = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
        let noMusicLabels = (noMusic ?? [Self.noMusic]).compactMap { known[$0] }
        guard noMusic == nil || noMusicLabels.count == noMusic?.count, Set(noMusicLabels).count == noMusicLabels.count
        else {
            throw ModelError(.unsupported, "its labels for audio that is not music are not all among its labels")
        }
        guard temperature.isFinite, temperature >= 0.01, temperature <= 100 else {
            throw ModelError(.unsupported, "temperature \(temperature) is not between 0.01 and 100")
        }
        self.frontEnd = frontEnd
        self.architecture = architecture
        self.labels = labels
        self.noMusicLabels = noMusicLabels
        self.temperature = temperature
        self.storedCard = storedCard
        let weights = try Weights(
            architecture: architecture, coefficients: frontEnd.coefficients, labels: labels.count, tensors: tensors)
        self.weights = weights
        network = QuantizedNetwork(weights)
    }

    /// Returns the same network with another calibration and card.
    ///
    /// - Parameter offsets: [labels], added to the logits by way of the linear layer's bias.
    package func with(temperature: Float, offsets: [Float], card: [String: String]) -> GenreModel {
        var result = self
        result.temperature = temperature
        guard var head = weights?.head else { preconditionFailure("a model without the file's weights") }
        head.bias = zip(head.bias, offsets).map { $0 + $1 }
        result.weights?.head = head
        result.network.head = QuantizedLayer(head)
        result.identity = Identity()
        result.storedCard = .texts(card)
        return result
    }

    /// Returns the model without the file's weights, which take twice the memory of those that inference uses. It can be
    /// run, and neither written nor calibrated.
    package func forInference() -> GenreModel {
        var result = self
        result.weights = nil
        return result
    }

    /// Whether both are copies of one model, so that a network that runs the one runs the other. Two models from the same
    /// file are not.
    package func isCopy(of other: GenreModel) -> Bool { identity === other.identity }

    /// Replaces logits, [labels], by calibrated probabilities.
    package func calibrate(_ logits: UnsafeMutableBufferPointer<Float>) { softmax(logits, temperature: temperature) }
}

// MARK: - The file

extension GenreModel {
    static let format = "genred-model"
    static let formatVersion = "1"
    private static let noMusicKey = "no_music_labels"

    /// Reads a model file and checks its contents before use.
    ///
    /// - Throws: a `ModelError` of any code but `cannotWrite`. Its message names the file.
    package init(contentsOf path: String) throws(ModelError) {
        let file = try SafeTensors(contentsOf: path)
        do {
            try self.init(file)
        } catch {
            throw ModelError(error.code, "model '\(path)': \(error.message)", call: error.call, errno: error.errno)
        }
    }

    package init(_ file: SafeTensors) throws(ModelError) {
        func json<T: Decodable>(_ key: String, as type: T.Type) throws(ModelError) -> T {
            guard let text = file.metadata[key] else {
                throw ModelError(.unsupported, "its metadata has no '\(key)': not a genred model")
            }
            do {
                return try JSON.decode(type, from: Array(text.utf8))
            } catch {
                throw ModelError(.unsupported, "the metadata's '\(key)' is not what it should be: \(error.message)")
            }
        }
        guard file.metadata["format"] == Self.format else {
            throw ModelError(.unsupported, "a safetensors file, but its metadata does not say format \(Self.format)")
        }
        guard file.metadata["format_version"] == Self.formatVersion else {
            let version = file.metadata["format_version"]?.prefix(20) ?? "none"
            throw ModelError(.unsupported, "format version \(version); this version reads \(Self.formatVersion)")
        }
        guard try json("front_end", as: FrontEnd.self) == .version1 else {
            throw ModelError(.unsupported, "it was trained with a front end other than this program's version 1")
        }
        guard let temperature = file.metadata["temperature"].flatMap(Float.init) else {
            throw ModelError(.unsupported, "the metadata's 'temperature' is not a number")
        }
        // Models from before there were several such labels do not have the key.
        let noMusic = try file.metadata[Self.noMusicKey].map { _ throws(ModelError) in
            try json(Self.noMusicKey, as: [String].self)
        }
        try self.init(
            architecture: json("architecture", as: Architecture.self), labels: json("labels", as: [String].self),
            noMusic: noMusic, temperature: temperature, storedCard: .text(file.metadata["card"] ?? ""),
            tensors: file.tensors)
    }

    /// The contents of a model file. Values of the card that are JSON arrays or objects stay JSON.
    package func safeTensors() throws(ModelError) -> SafeTensors {
        guard let weights else { throw ModelError(.cannotWrite, "the model was read without the weights of its file") }
        do {
            return SafeTensors(
                metadata: [
                    "format": Self.format, "format_version": Self.formatVersion,
                    "front_end": try JSON.text(frontEnd), "architecture": try JSON.text(architecture),
                    "labels": try JSON.text(labels),
                    Self.noMusicKey: try JSON.text(noMusicLabels.map { labels[$0] }), "temperature": "\(temperature)",
                    "card": try ModelCard.card(ofTexts: card),
                ],
                tensors: weights.tensors())
        } catch {
            throw ModelError(.cannotWrite, "the model's description cannot be written as JSON: \(error)")
        }
    }

    /// Writes a model file, completely or not at all.
    package func write(to path: String, halfPrecision: Bool = true) throws(ModelError) {
        let bytes = try safeTensors().serialized(halfPrecision: halfPrecision)
        do {
            try writeWholeFile(bytes, to: path)
        } catch {
            throw ModelError(.cannotWrite, error.message, call: error.call, errno: error.errno)
        }
    }
}
