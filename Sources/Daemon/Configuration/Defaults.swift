// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import ControlProtocol
import Glibc
import History

/// The choices for settings that neither the command line nor the file makes.
enum Defaults {
    static let configurationFile = "/etc/genred/genred.yaml"
    private static let systemState = "/var/lib/genred"

    /// Chooses PulseAudio's default source if a server answers and its client library is there, else ALSA's default PCM.
    /// Returns the reason for the log.
    static func source(
        _ environment: (String) -> String? = SocketPath.variable
    ) throws(CaptureError) -> (source: Configuration.Source, reason: String) {
        let server = pulseServer(environment)
        if let server, PulseLibrary.isInstalled {
            return (
                Configuration.Source(name: "default", uri: try SourceURI(parsing: "pulse:@DEFAULT_SOURCE@")),
                "no source is configured: listening to the default source of PulseAudio (\(server))"
            )
        }
        return (
            Configuration.Source(name: "default", uri: try SourceURI(parsing: "alsa:default")),
            server == nil
                ? "no source is configured and no PulseAudio server answers: listening to ALSA's default PCM"
                : "no source is configured and PulseAudio's client library is not installed: listening to ALSA's default PCM"
        )
    }

    /// Finds a PulseAudio server that answers, in the places where libpulse looks for one.
    private static func pulseServer(_ environment: (String) -> String?) -> String? {
        if let server = environment("PULSE_SERVER"), !server.isEmpty {
            // A list, each with an optional {machine}. A name that is not a path is a host, which is worth an attempt.
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

    /// Makes the history's settings. If no file is configured, it goes to the service manager's folder for it, to the
    /// system's if this user owns that, else to the user's own; without any of them it stays in memory.
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
        // A list, if the unit names several folders (systemd.exec(5)).
        if let given = folder("STATE_DIRECTORY")?.split(separator: ":").first { return String(given) }
        var status = stat()
        // Only for its owner: the service could not use files that root leaves in it.
        if stat(systemState, &status) == 0, status.st_uid == geteuid(), access(systemState, W_OK) == 0 {
            return systemState
        }
        guard let state = folder("XDG_STATE_HOME") ?? folder("HOME").map({ "\($0)/.local/state" }) else { return nil }
        // The folder may have to be created, but not under a home that does not exist, such as a system user's.
        var nearest = state
        while access(nearest, F_OK) != 0, let slash = nearest.lastIndex(of: "/"), slash != nearest.startIndex {
            nearest = String(nearest[..<slash])
        }
        return access(nearest, W_OK) == 0 ? "\(state)/genred" : nil
    }

    /// Chooses the system's socket if its folder can be written or created, else the user's own.
    static func socketPath(_ environment: (String) -> String? = SocketPath.variable) -> String {
        let folder = String(SocketPath.system[..<(SocketPath.system.lastIndex(of: "/") ?? SocketPath.system.endIndex)])
        let parent = String(folder[..<(folder.lastIndex(of: "/") ?? folder.endIndex)])
        let isThere = access(folder, F_OK) == 0
        if access(isThere ? folder : parent, W_OK) == 0 { return SocketPath.system }
        guard let own = environment("XDG_RUNTIME_DIR"), !own.isEmpty else { return SocketPath.system }
        return "\(own)/genred/genred.sock"
    }
}
