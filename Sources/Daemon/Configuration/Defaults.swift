// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import ControlProtocol
import Glibc
import History

/// What is done where nobody said anything.
enum Defaults {
    static let configurationFile = "/etc/genred/genred.yaml"
    private static let systemState = "/var/lib/genred"

    /// PulseAudio's default source if a server answers, else ALSA's default PCM; and why, for the log.
    static func source(
        _ environment: (String) -> String? = SocketPath.variable
    ) throws(CaptureError) -> (source: Configuration.Source, reason: String) {
        if let server = pulseServer(environment) {
            return (
                Configuration.Source(name: "default", uri: try SourceURI(parsing: "pulse:@DEFAULT_SOURCE@")),
                "no source is configured: listening to the default source of PulseAudio (\(server))"
            )
        }
        return (
            Configuration.Source(name: "default", uri: try SourceURI(parsing: "alsa:default")),
            "no source is configured and no PulseAudio server answers: listening to ALSA's default PCM"
        )
    }

    /// The server that answers where libpulse would look for one.
    private static func pulseServer(_ environment: (String) -> String?) -> String? {
        if let server = environment("PULSE_SERVER"), !server.isEmpty {
            // A list, each with an optional {machine}; whatever is no path is a host that is worth the attempt.
            let names = server.split(separator: " ").map { name in
                name.hasPrefix("{") ? name.drop { $0 != "}" }.dropFirst() : name
            }
            return names.lazy.map { $0.hasPrefix("unix:") ? String($0.dropFirst(5)) : String($0) }
                .first { !$0.hasPrefix("/") || UnixSocket.isAnswered($0, ifForbidden: false) }
        }
        let folders = [
            environment("PULSE_RUNTIME_PATH"), environment("XDG_RUNTIME_DIR").map { "\($0)/pulse" },
            "/run/user/\(geteuid())/pulse", "/run/pulse",
        ]
        return folders.lazy.compactMap { $0.map { "\($0)/native" } }
            .first { UnixSocket.isAnswered($0, ifForbidden: false) }
    }

    /// The history's settings, with the place where it is kept if nobody named one: the service manager's folder for it,
    /// the system's if that is ours, else the user's own. None means memory alone.
    static func history(
        _ configured: Configuration.History, _ environment: (String) -> String? = SocketPath.variable
    ) -> HistorySettings {
        var settings = HistorySettings(
            isChosen: configured.place != .usual, keep: configured.keep, limit: configured.limit)
        switch configured.place {
        case .memory: break
        case .file(let path): settings.path = path
        case .usual: settings.path = stateFolder(environment).map { "\($0)/history.sqlite" }
        }
        return settings
    }

    private static func stateFolder(_ environment: (String) -> String?) -> String? {
        func folder(_ name: String) -> String? { environment(name).flatMap { $0.hasPrefix("/") ? $0 : nil } }
        // systemd.exec(5): a list, if the unit names several.
        if let given = folder("STATE_DIRECTORY")?.split(separator: ":").first { return String(given) }
        var status = stat()
        // Its owner's alone: what root leaves in it, the service could not use.
        if stat(systemState, &status) == 0, status.st_uid == geteuid(), access(systemState, W_OK) == 0 {
            return systemState
        }
        guard let state = folder("XDG_STATE_HOME") ?? folder("HOME").map({ "\($0)/.local/state" }) else { return nil }
        // It may have to be made; nothing is made in a home that is none, such as a system user's.
        var nearest = state
        while access(nearest, F_OK) != 0, let slash = nearest.lastIndex(of: "/"), slash != nearest.startIndex {
            nearest = String(nearest[..<slash])
        }
        return access(nearest, W_OK) == 0 ? "\(state)/genred" : nil
    }

    /// The system's socket if its folder can be written (or made), else the user's own.
    static func socketPath(_ environment: (String) -> String? = SocketPath.variable) -> String {
        let folder = String(SocketPath.system[..<(SocketPath.system.lastIndex(of: "/") ?? SocketPath.system.endIndex)])
        let parent = String(folder[..<(folder.lastIndex(of: "/") ?? folder.endIndex)])
        let isThere = access(folder, F_OK) == 0
        if access(isThere ? folder : parent, W_OK) == 0 { return SocketPath.system }
        guard let own = environment("XDG_RUNTIME_DIR"), !own.isEmpty else { return SocketPath.system }
        return "\(own)/genred/genred.sock"
    }
}
