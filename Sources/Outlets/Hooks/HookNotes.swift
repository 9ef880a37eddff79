// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

/// What is possible, but hardly meant.
enum HookNotes {
    /// Labels and sources that the rules name and the daemon does not know.
    static func unknown(in rules: [HookRule], to daemon: DaemonSnapshot) -> [String] {
        let own = daemon.description.model.labels
        let labels = own + HookLabel.states.filter { !own.contains($0) }
        let sources = daemon.estimates.map(\.source)
        return rules.flatMap { rule in
            (rule.condition.labels ?? []).filter { !labels.contains($0) }.map {
                "rule \(rule.name): genred's model never says \(quoted($0)); it has \(labels.joined(separator: ", "))"
            }
                + (rule.condition.sources ?? []).filter { !sources.contains($0) }.map {
                    "rule \(rule.name): genred has no source \(quoted($0)); it has \(sources.joined(separator: ", "))"
                }
        }
    }

    /// Requests that others can read on the way.
    static func exposed(_ rules: [HookRule]) -> [String] {
        rules.compactMap { rule in
            guard case .webhook(let webhook) = rule.action, WebhookURL.isExposed(webhook.shownURL) else { return nil }
            return
                "rule \(rule.name): \(webhook.shownURL) is not encrypted: others on the network can read what is sent"
        }
    }
}
