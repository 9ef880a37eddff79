// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

/// The search space of hyperparameters: a JSON object of dotted keys of the configuration, each with a distribution:
/// `{"uniform": [low, high]}`, `{"log": [low, high]}`, `{"integer": [low, high]}` or `{"choice": [value, …]}`.
package struct SearchSpace: Sendable {
    enum Dimension: Sendable {
        case uniform(ClosedRange<Double>)
        case logarithmic(ClosedRange<Double>)
        case integer(ClosedRange<Int>)
        /// The values as JSON text.
        case choice([String])
    }

    /// Sorted by key, so that the draws of a seed do not depend on the order in the file.
    let dimensions: [(key: String, dimension: Dimension)]
    private let path: String

    /// - Parameter base: the settings that are not searched, which decide whether the searched ones are possible.
    package init(contentsOf path: String, over base: TrainingConfiguration) throws(TrainingError) {
        try self.init(parsing: readFile(path, limit: 1 << 20), path: path, over: base)
    }

    init(parsing bytes: [UInt8], path: String, over base: TrainingConfiguration) throws(TrainingError) {
        self.path = path
        guard let object = try? JSON.decode([String: JSONValue].self, from: bytes), !object.isEmpty else {
            throw TrainingError(.malformed, "\(path): not a JSON object of configuration keys")
        }
        dimensions = try object.sorted { $0.key < $1.key }.map { key, value throws(TrainingError) in
            guard let dimension = Self.dimension(value) else {
                throw TrainingError(
                    .malformed,
                    "\(path): '\(key.prefix(60))' must be {\"uniform\": [low, high]}, {\"log\": [low, high]},"
                        + " {\"integer\": [low, high]} or {\"choice\": [value, …]}")
            }
            return (key, dimension)
        }
        // Checks a few draws here; a search checks all its draws before it starts.
        for seed in 0..<16 { _ = try draw(seed: UInt64(seed), trial: 0, over: base) }
    }

    private static func dimension(_ value: JSONValue) -> Dimension? {
        guard case .object(let object) = value, object.count == 1, let (kind, given) = object.first,
            case .array(let values) = given, !values.isEmpty
        else { return nil }
        if kind == "choice" {
            let texts = values.compactMap { try? JSON.text($0) }
            return texts.count == values.count ? .choice(texts) : nil
        }
        let numbers = values.compactMap(\.double)
        guard numbers.count == 2, values.count == 2, numbers[0] <= numbers[1] else { return nil }
        switch kind {
        case "uniform": return .uniform(numbers[0]...numbers[1])
        case "log": return numbers[0] > 0 ? .logarithmic(numbers[0]...numbers[1]) : nil
        case "integer":
            guard let low = Int(exactly: numbers[0]), let high = Int(exactly: numbers[1]), low > -(1 << 31),
                high < 1 << 31
            else { return nil }
            return .integer(low...high)
        default: return nil
        }
    }

    /// Draws the configuration of a trial, which depends only on seed and trial.
    package func draw(
        seed: UInt64, trial: Int, over base: TrainingConfiguration
    ) throws(TrainingError) -> (configuration: TrainingConfiguration, settings: [String: String]) {
        var generator = CounterGenerator(seed: seed, step: trial, purpose: .search)
        var settings: [String: String] = [:]
        for (key, dimension) in dimensions {
            let place = Double(generator.uniform())
            switch dimension {
            case .uniform(let range):
                settings[key] = Self.text(range.lowerBound + place * (range.upperBound - range.lowerBound))
            case .logarithmic(let range):
                settings[key] = Self.text(range.lowerBound * pow(range.upperBound / range.lowerBound, place))
            case .integer(let range): settings[key] = "\(generator.integer(range.lowerBound..<(range.upperBound + 1)))"
            case .choice(let values): settings[key] = values[generator.index(values.count)]
            }
        }
        return (try Self.configuration(settings, over: base, path: path), settings)
    }

    /// Rounds to four significant digits, so that a table shows exactly the value that was tried.
    private static func text(_ value: Double) -> String { String(format: "%.4g", value) }

    /// Applies dotted keys with JSON values to a configuration.
    static func configuration(
        _ settings: [String: String], over base: TrainingConfiguration, path: String
    ) throws(TrainingError) -> TrainingConfiguration {
        var result = base
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) {
            let parts = key.split(separator: ".", omittingEmptySubsequences: false)
            let text = parts.reversed().reduce(value) { "{\"\($1)\":\($0)}" }
            let whole: Set<String> = key == "architecture" ? [key] : []
            do {
                result = try JSON.decode(Array(text.utf8), over: result, whole: whole)
            } catch {
                throw TrainingError(.malformed, "\(path): \(error.message)")
            }
        }
        if let problem = result.problem { throw TrainingError(.badParameter, "\(path): \(problem)") }
        return result
    }
}
