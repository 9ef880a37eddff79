// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// Home Assistant's device discovery: one retained message for each source, and one for the daemon.
struct HomeAssistant {
    /// The topics' first level, in Home Assistant's settings too.
    let prefix: String
    let node: String

    /// The states that can be shown beside the model's labels.
    static let states = [EstimateState.unsure, .silence, .noMusic, .starting].map(\.rawValue)

    /// The labels that a source can have: Home Assistant refuses a list with repeats.
    static func options(_ labels: [String]) -> [String] {
        var seen = Set(states)
        return labels.filter { seen.insert($0).inserted } + states
    }

    var birthTopic: String { "\(prefix)/status" }

    func topic(_ level: String?) -> String {
        "\(prefix)/device/genred_\(node)\(level.map { "_\($0)" } ?? "")/config"
    }

    private func origin() -> JSONValue {
        .object(["name": "genred", "sw": .string(genredVersion)])
    }

    /// The daemon, with a sensor that says whether it is there.
    func daemon(_ description: Description) -> [UInt8] {
        payload(
            JSONValue.object([
                "dev": [
                    "ids": ["genred_\(node)"], "name": "genred \(node)", "mf": "genred",
                    "mdl": "Music genre detector", "sw": .string(description.version),
                ],
                "o": origin(), "qos": 1,
                "cmps": [
                    "connectivity": [
                        "p": "binary_sensor", "uniq_id": "\(node)_connectivity", "name": "Connectivity",
                        "dev_cla": "connectivity", "ent_cat": "diagnostic", "stat_t": "genred/\(node)/status",
                        "pl_on": "online", "pl_off": "offline",
                    ]
                ],
            ]))
    }

    func source(_ name: String, level: String, _ description: Description) -> [UInt8] {
        let base = "genred/\(node)/\(level)"
        let options = Self.options(description.model.labels)
        func component(_ platform: JSONValue, _ key: String, _ name: JSONValue, _ more: [String: JSONValue])
            -> JSONValue
        {
            .object(
                ["p": platform, "uniq_id": "\(node)_\(level)_\(key)", "name": name, "stat_t": "\(base)/state"]
                    .merging(more) { $1 })
        }
        let list = (try? JSON.text(options)) ?? "[]"
        let percent =
            "{{ (value_json.confidence*100)|round(0) if value_json.confidence is not none else None }}"
        return payload(
            JSONValue.object([
                "dev": [
                    "ids": ["genred_\(node)_\(level)"], "name": "genred \(name)", "mf": "genred",
                    "mdl": "Music genre detector", "sw": .string(description.version), "via_device": "genred_\(node)",
                ],
                "o": origin(),
                "avty": [["t": "genred/\(node)/status"], ["t": "\(base)/availability"]], "avty_mode": "all", "qos": 1,
                "cmps": .object([
                    "genre": component(
                        "sensor", "genre", "Genre",
                        [
                            "dev_cla": "enum", "ops": .array(options.map { .string($0) }),
                            "val_tpl": "{{ value_json.label }}", "exp_aft": 90,
                        ]),
                    "confidence": component(
                        "sensor", "confidence", "Confidence",
                        [
                            "unit_of_meas": "%", "stat_cla": "measurement", "ent_cat": "diagnostic", "exp_aft": 90,
                            "val_tpl": .string(percent),
                        ]),
                    "level": component(
                        "sensor", "level", "Level",
                        [
                            "unit_of_meas": "dB", "stat_cla": "measurement", "ent_cat": "diagnostic",
                            "en": .bool(false),
                            "val_tpl": "{{ value_json.level }}",
                        ]),
                    "silence": component(
                        "binary_sensor", "silence", "Silence",
                        [
                            "dev_cla": "problem", "exp_aft": 90,
                            "val_tpl": "{{ 'ON' if value_json.label == 'silence' else 'OFF' }}",
                        ]),
                    // An empty object is ignored without a warning: a change to `no-signal` or `stopped`, or to a label
                    // of a former model.
                    "change": component(
                        "event", "change", "Change",
                        [
                            "evt_typ": .array(options.map { .string($0) }), "stat_t": "\(base)/event",
                            "val_tpl": "{{ value if value_json.event_type in \(list) else '{}' }}",
                        ]),
                ]),
            ]))
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int) { self = .integer(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { $1 }))
    }
}
