// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The rules as `--check` prints them. It shows no secret: of a URL only its host, of a command only the program.
enum HookTable {
    static func lines(_ rules: [HookRule]) -> [String] {
        guard !rules.isEmpty else { return [] }
        let rows = [["RULE", "ON", "FOR", "BACK", "COOLDOWN", "SOURCE", "DOES"]] + rules.map(row)
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { text, width in text + String(repeating: " ", count: width - text.count) }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }
    }

    private static func row(_ rule: HookRule) -> [String] {
        let condition = rule.condition
        return [
            rule.name, condition.labels?.joined(separator: ", ") ?? "any",
            condition.duration > 0 ? DurationText.text(condition.duration) : "-",
            condition.back.map(DurationText.text) ?? "-",
            condition.cooldown > 0 ? DurationText.text(condition.cooldown) : "-",
            condition.sources?.joined(separator: ", ") ?? "all", does(rule.action),
        ]
    }

    private static func does(_ action: HookAction) -> String {
        switch action {
        case .webhook(let webhook): "POST \(webhook.shownURL)/…\(webhook.secret == nil ? "" : ", signed")"
        case .command(let program): "run \(printable(program.arguments[0]))"
        }
    }
}
