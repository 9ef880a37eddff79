// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// A label track as Audacity imports it: start, end and label, with tabs between them. Other editors read it too.
struct AudacityFormatter: SpanFormatter {
    let origin: Timestamp
    /// Whether each label begins with the name of its source.
    let hasSeveralSources: Bool

    func begin() -> String { "" }

    func process(_ span: Span) -> String {
        let label = hasSeveralSources ? "\(span.source): \(span.label)" : span.label
        return [
            Seconds(from: origin, to: span.start).text, Seconds(from: origin, to: span.end).text, Self.clean(label),
        ].joined(separator: "\t") + "\n"
    }

    func finish() -> String { "" }

    /// The format has no way to write a tab or a newline.
    private static func clean(_ text: String) -> String {
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: clean.append(" ")
            default: clean.append(scalar)
            }
        }
        return String(clean)
    }
}
