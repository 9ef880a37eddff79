// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

extension TrainingConfiguration {
    /// Reads a JSON file, checking it.
    package init(contentsOf path: String) throws(TrainingError) {
        try self.init(parsing: readFile(path, limit: 1 << 20), path: path)
    }

    init(parsing bytes: [UInt8], path: String) throws(TrainingError) {
        self = try StrictJSON.decode(
            bytes, over: TrainingConfiguration(), whole: ["architecture"], path: path)
        if let problem { throw TrainingError(.badParameter, "\(path): \(problem)") }
    }
}
