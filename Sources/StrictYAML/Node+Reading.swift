// SPDX-License-Identifier: GPL-3.0-or-later

import Yams

extension Node {
    package var place: ConfigurationPlace? { mark.map { ConfigurationPlace(line: $0.line, column: $0.column) } }

    /// The text of a scalar, quoted or not.
    package var text: String? {
        if case .scalar(let scalar) = self { scalar.string } else { nil }
    }

    /// Whether this is `key:` with nothing after it, or an explicit null.
    package var isEmptyScalar: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// A word for messages.
    package var kind: String {
        switch self {
        case .scalar: isEmptyScalar ? "empty" : "a single value"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}
