// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

extension TrainingConfiguration {
    /// Reads and checks a JSON file.
    package init(contentsOf path: String) throws(TrainingError) {
        try self.init(parsing: readFile(path, limit: 1 << 20), path: path)
    }

    init(parsing bytes: [UInt8], path: String) throws(TrainingError) {
        do {
            self = try JSON.decode(bytes, over: TrainingConfiguration(), whole: ["architecture"])
        } catch {
            throw TrainingError(.malformed, "\(path): \(error.message)")
        }
        if let problem { throw TrainingError(.badParameter, "\(path): \(problem)") }
    }
}
