// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation
import Model

/// Export and import of a model as two plain files that any framework can write: weights in `.safetensors`, and a JSON
/// description with `architecture`, `labels`, `noMusic` (those that are not music), `temperature` and `card`.
package enum ModelExchange {
    private struct Description: Codable {
        var architecture: Architecture
        var labels: [String]
        var noMusic: [String]?
        var temperature: Float?
        var card: [String: String]?

        private enum CodingKeys: String, CodingKey, CaseIterable {
            case architecture, labels, noMusic, temperature, card
        }

        init(_ model: GenreModel) {
            architecture = model.architecture
            labels = model.labels
            noMusic = model.noMusicLabels.map { model.labels[$0] }
            temperature = model.temperature
            card = model.card
        }

        init(from decoder: any Decoder) throws {
            let values = try JSON.container(of: "a description", decoder, keyedBy: CodingKeys.self)
            architecture = try values.decode(Architecture.self, forKey: .architecture)
            labels = try values.decode([String].self, forKey: .labels)
            noMusic = try values.decodeIfPresent([String].self, forKey: .noMusic)
            temperature = try values.decodeIfPresent(Float.self, forKey: .temperature)
            card = try values.decodeIfPresent([String: String].self, forKey: .card)
        }
    }

    /// Writes a model's weights (float32) and its description.
    package static func export(_ model: GenreModel, weights: String, description: String) throws(TrainingError) {
        do {
            var file = try model.safeTensors()
            file.metadata = [:]
            try writeFile(file.serialized(halfPrecision: false), to: weights)
            try writeFile(JSON.indentedText(Description(model)).utf8, to: description)
        } catch let error as TrainingError {
            throw error
        } catch {
            throw TrainingError(.cannotWrite, "the model cannot be exported: \(error)")
        }
    }

    /// Makes a model from weights and a description, and checks both.
    package static func model(weights: String, description: String) throws(TrainingError) -> GenreModel {
        let text = try readFile(description, limit: 1 << 20)
        let given: Description
        do {
            given = try JSON.decode(Description.self, from: text)
        } catch {
            throw TrainingError(
                .malformed,
                "'\(description)' is not a model description (\(error.message)): expected JSON with architecture (blocks or"
                    + " branches), labels, and optionally noMusic, temperature and card")
        }
        do {
            return try GenreModel(
                architecture: given.architecture, labels: given.labels, noMusic: given.noMusic,
                temperature: given.temperature ?? 1, card: given.card ?? [:],
                tensors: SafeTensors(contentsOf: weights).tensors)
        } catch {
            throw TrainingError(.unsupported, "'\(weights)' as '\(description)' describes it: \(error.message)")
        }
    }
}
