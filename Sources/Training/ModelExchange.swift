import Foundation
import Model

/// A model as two plain files that any framework can make: weights in `.safetensors`, and beside them JSON that says
/// what they are: `architecture`, `labels`, `temperature`, `card`.
public enum ModelExchange {
    private struct Description: Codable {
        var architecture: Architecture
        var labels: [String]
        var temperature: Float?
        var card: [String: String]?
    }

    /// Writes weights (float32) and description.
    public static func export(_ model: GenreModel, weights: String, description: String) throws(TrainingError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            var file = try model.safeTensors()
            file.metadata = [:]
            try writeFile(file.serialized(halfPrecision: false), to: weights)
            let text = try encoder.encode(
                Description(
                    architecture: model.architecture, labels: model.labels, temperature: model.temperature,
                    card: model.card))
            try writeFile(text, to: description)
        } catch let error as TrainingError {
            throw error
        } catch {
            throw TrainingError(.cannotWrite, "the model cannot be exported: \(error)")
        }
    }

    /// Makes a model of weights and description, checking both.
    public static func model(weights: String, description: String) throws(TrainingError) -> GenreModel {
        let text = try readFile(description, limit: 1 << 20)
        let given: Description
        do {
            given = try JSONDecoder().decode(Description.self, from: Data(text))
        } catch {
            throw TrainingError(
                .malformed,
                "'\(description)' is not a model's description: JSON with architecture (blocks or branches), labels,"
                    + " and if known temperature and card")
        }
        do {
            return try GenreModel(
                architecture: given.architecture, labels: given.labels, temperature: given.temperature ?? 1,
                card: given.card ?? [:], tensors: SafeTensors(contentsOf: weights).tensors)
        } catch {
            throw TrainingError(.unsupported, "'\(weights)': \(error.message)")
        }
    }
}
