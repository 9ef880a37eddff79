// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Testing

@testable import Training

/// Compares the tables in docs/training.md with the configuration.
struct DocumentationTests {
    /// The keys and defaults in the tables that have a column of defaults.
    private static func documented() throws -> [String: String] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/training.md")
        var result: [String: String] = [:]
        var isInside = false
        for line in try String(contentsOf: file, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        {
            if line == "| key | default | what it is |" { isInside = true }
            guard isInside, line.hasPrefix("|") else {
                isInside = false
                continue
            }
            let columns = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            let keys = columns[0].split(separator: ", ").filter { $0.hasPrefix("`") }.map { $0.dropFirst().dropLast() }
            let defaults = columns[1].split(separator: ", ")
            for (key, value) in zip(keys, defaults) { result[String(key)] = String(value) }
        }
        return result
    }

    @Test func `every key of the configuration is documented with its default`() throws {
        let documented = try Self.documented()
        let data = try JSONEncoder().encode(TrainingConfiguration())
        let all = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let groups = ["targets", "sampling", "augmentation"]
        var values = all.filter { !groups.contains($0.key) }
        for group in groups { values.merge(try #require(all[group] as? [String: Any])) { first, _ in first } }
        #expect(Set(documented.keys) == Set(values.keys))
        for (key, value) in values {
            guard let number = value as? NSNumber else { continue }
            let stated = try #require(documented[key].flatMap(Double.init), "\(key)")
            #expect(abs(stated - number.doubleValue) < 1e-6, "\(key)")
        }
    }
}
