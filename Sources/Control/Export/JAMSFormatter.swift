// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// A JAMS file (JSON Annotated Music Specification 0.3), which research on music uses: one annotation a source, in the
/// namespace `tag_open`, because a label is a tag that holds for some time, and a state can stand in its place.
///
/// The format needs the spans of a source together, so this one keeps them all.
struct JAMSFormatter: SpanFormatter {
    /// The version of the specification that the file follows.
    static let version = "0.3.4"

    let origin: Timestamp
    let description: Description
    private var sources: [String] = []
    private var spans: [String: [Span]] = [:]

    init(origin: Timestamp, description: Description) {
        self.origin = origin
        self.description = description
    }

    func begin() -> String { "" }

    mutating func process(_ span: Span) -> String {
        if spans[span.source] == nil { sources.append(span.source) }
        spans[span.source, default: []].append(span)
        return ""
    }

    func finish() throws -> String {
        let end = spans.values.joined().map(\.end).max() ?? origin
        let file = File(
            annotations: sources.map { annotation($0, spans[$0] ?? [], end: end) },
            fileMetadata: File.Metadata(duration: Seconds(from: origin, to: end).value),
            sandbox: File.Sandbox(
                genred: description.version, instance: description.instance, originUTC: origin.description))
        return try JSON.text(file) + "\n"
    }

    private func annotation(_ source: String, _ spans: [Span], end: Timestamp) -> File.Annotation {
        // The order of a JAMS file's observations, also where a clock was set back.
        let spans = spans.sorted { ($0.start, $0.end) < ($1.start, $1.end) }
        return File.Annotation(
            metadata: File.AnnotationMetadata(
                annotator: File.Annotator(card: description.model.card, labels: description.model.labels),
                tools: "genred \(description.version)", version: description.version),
            data: spans.map { span in
                File.Observation(
                    time: Seconds(from: origin, to: span.start).value,
                    duration: Seconds(from: span.start, to: span.end).value, value: span.label,
                    confidence: span.confidence)
            },
            time: 0, duration: Seconds(from: origin, to: end).value,
            sandbox: File.SourceSandbox(
                source: source, seq: spans.map { OrNull(wrappedValue: $0.seq) },
                title: spans.map { OrNull(wrappedValue: $0.title) }))
    }

    /// The keys are the specification's.
    private struct File: Encodable {
        struct Metadata: Encodable {
            var title = "", artist = "", release = ""
            var duration: Double
            var identifiers: [String: String] = [:]
            var formatVersion = JAMSFormatter.version

            enum CodingKeys: String, CodingKey {
                case title, artist, release, duration, identifiers
                case formatVersion = "jams_version"
            }
        }

        struct Annotator: Encodable {
            var name = "genred"
            /// The card in the model file.
            var card: [String: String]
            /// The labels that the model can give.
            var labels: [String]
        }

        struct AnnotationMetadata: Encodable {
            var annotator: Annotator
            var tools: String
            var version: String
            var dataSource = "program"
            var rules = "", corpus = "", validation = ""

            enum CodingKeys: String, CodingKey {
                case annotator, version, corpus, validation
                case tools = "annotation_tools"
                case dataSource = "data_source"
                case rules = "annotation_rules"
            }
        }

        struct Observation: Encodable {
            var time: Double
            var duration: Double
            var value: String
            @OrNull var confidence: Double?
        }

        /// What has no place in an observation: lists as long as that of the observations.
        struct SourceSandbox: Encodable {
            var source: String
            var seq: [OrNull<Int>]
            var title: [OrNull<String>]
        }

        struct Annotation: Encodable {
            var namespace = "tag_open"
            var metadata: AnnotationMetadata
            var data: [Observation]
            var time: Double
            var duration: Double
            var sandbox: SourceSandbox

            enum CodingKeys: String, CodingKey {
                case namespace, data, time, duration, sandbox
                case metadata = "annotation_metadata"
            }
        }

        struct Sandbox: Encodable {
            var genred: String
            var instance: String
            var originUTC: String

            enum CodingKeys: String, CodingKey {
                case genred, instance
                case originUTC = "origin_utc"
            }
        }

        var annotations: [Annotation]
        var fileMetadata: Metadata
        var sandbox: Sandbox

        enum CodingKeys: String, CodingKey {
            case annotations, sandbox
            case fileMetadata = "file_metadata"
        }
    }
}
