// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Model

/// The settings in which a teacher differs from its student.
package struct TeacherConfiguration: Codable, Sendable, Equatable {
    package var architecture: Architecture
    package var dropout: Double?
    package var epochs: Int?

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case architecture, dropout, epochs
    }

    package init(architecture: Architecture, dropout: Double? = nil, epochs: Int? = nil) {
        self.architecture = architecture
        self.dropout = dropout
        self.epochs = epochs
    }

    package init(from decoder: any Decoder) throws {
        let values = try JSON.container(of: "a teacher", decoder, keyedBy: CodingKeys.self)
        architecture = try values.decode(Architecture.self, forKey: .architecture)
        dropout = try values.decodeIfPresent(Double.self, forKey: .dropout)
        epochs = try values.decodeIfPresent(Int.self, forKey: .epochs)
    }
}
