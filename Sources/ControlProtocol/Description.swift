// SPDX-License-Identifier: GPL-3.0-or-later

/// The version of the control protocol (docs/protocol.md). It changes only when an old client would misunderstand a new
/// daemon: a client ignores keys that it does not know.
package let protocolVersion = 1

/// The model in use.
package struct ModelInfo: Codable, Sendable, Equatable {
    /// The path of the model file.
    package var path: String
    package var labels: [String]
    package var parameters: Int
    /// The card in the model file: training data, accuracy, calibration.
    package var card: [String: String]

    package init(path: String, labels: [String], parameters: Int, card: [String: String]) {
        self.path = path
        self.labels = labels
        self.parameters = parameters
        self.card = card
    }
}

/// The result of `describe`.
package struct Description: Codable, Sendable, Equatable {
    package var name: String
    package var version: String
    package var protocolVersion: Int
    package var methods: [String]
    package var model: ModelInfo
    /// A UUID that this daemon keeps in its state folder: with `seq`, it identifies a change for ever. A daemon that has
    /// no such folder has a new one at each start.
    package var instance: String

    package init(
        name: String, version: String, protocolVersion: Int, methods: [String], model: ModelInfo, instance: String
    ) {
        self.name = name
        self.version = version
        self.protocolVersion = protocolVersion
        self.methods = methods
        self.model = model
        self.instance = instance
    }
}
