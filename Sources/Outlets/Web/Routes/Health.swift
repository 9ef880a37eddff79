// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// Whether genred hears something.
struct Health {
    /// Why not; nil if all is well.
    let error: String?

    init(_ hub: EventHub) { self.init(reason: hub.reason, sources: hub.snapshot?.status.sources ?? []) }

    /// - Parameter reason: why the daemon cannot be reached; nil if it can.
    init(reason: String?, sources: [SourceStatus]) {
        if let reason {
            error = "genred cannot be reached: \(reason)"
            return
        }
        let silent = sources.filter { $0.state == .lost || $0.state == .ended }
        guard !sources.isEmpty, silent.count == sources.count else {
            error = nil
            return
        }
        let shown = 10
        let list = silent.prefix(shown).map { source in
            let message = source.message.map { ": \(Redaction.clean(text: $0))" } ?? ""
            return "\(source.name) is \(source.state.rawValue)\(message)"
        }
        let rest = silent.count > shown ? "; and \(silent.count - shown) more" : ""
        error = "no source delivers audio: \(list.joined(separator: "; "))\(rest)"
    }
}
