// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import Foundation
import Glibc
import Model
import StrictYAML
import TestSupport
import Testing

@testable import genred

struct SetupTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func setup(_ text: String, _ change: (inout CommandLineOptions) throws -> Void = { _ in }) throws -> Setup {
        var options = CommandLineOptions(config: try folder.write(text, to: "g.yaml"))
        try change(&options)
        return try Setup(options)
    }

    private func source(_ name: String, _ uri: String) throws -> Configuration.Source {
        Configuration.Source(name: name, uri: try SourceURI(parsing: uri))
    }

    private let file = """
        sources: [{name: radio, uri: 'alsa:hw:0'}]
        socket: {path: /run/a.sock}
        log: {level: debug}
        update: 0.48
        """

    @Test func `the command line overrides the file, and the file the defaults`() throws {
        let plain = try setup(file)
        #expect(plain.configuration.sources == [try source("radio", "alsa:hw:0")])
        #expect(plain.socketPath == "/run/a.sock")
        #expect(plain.configuration.log.level == .debug)
        #expect(plain.configuration.log.summary == 3600)
        #expect(plain.analysis.updateInterval == 0.48)
        let overridden = try setup(file) { options in
            options.sources = [try source("set", "file:/a.wav"), try source("in", "pipe:-")]
            options.socket = "/run/b.sock"
            options.logLevel = .error
        }
        #expect(overridden.configuration.sources.map(\.name) == ["set", "in"])
        #expect(overridden.socketPath == "/run/b.sock")
        #expect(overridden.configuration.log.level == .error)
        #expect(overridden.analysis.updateInterval == 0.48)
    }

    @Test func `an update that is not a multiple of a hop is reported with its place`() throws {
        let error = try #require(throws: ConfigurationError.self) { try setup("log: {level: info}\nupdate: 0.25") }
        #expect(
            error.lines == [
                "\(folder.file("g.yaml")):2:9: an update every 0.25 s is impossible: it must be a multiple of 0.06 s (one hop), at most"
                    + " 600.0 s; multiples of the network's step, 0.24 s, cost least"
            ])
    }

    @Test func `everything that this machine lacks is reported at once, each with its place`() throws {
        let bad = try folder.write("not a model", to: "bad.safetensors")
        let error = try #require(throws: ConfigurationError.self) {
            try setup(
                """
                socket: {path: /run/a.sock, group: no-such-group}
                model: bad.safetensors
                history: {path: \(folder.path)/a/b/h.sqlite}
                """)
        }
        let file = folder.file("g.yaml")
        #expect(error.lines.count == 3)
        #expect(
            error.lines[0]
                == "\(file):1:36: there is no group no-such-group; create it with addgroup, or change socket.group")
        #expect(error.lines[1].hasPrefix("\(file):2:8: model '\(bad)': "))
        #expect(
            error.lines[2]
                == "\(file):3:17: history.path: there is no folder \(folder.path)/a; create it, or choose another path")
    }

    @Test func `the history goes to the configured path, the service's folder, the system's or the user's`() throws {
        var configured = Configuration.History()
        func path(_ environment: [String: String]) -> String? { Defaults.history(configured) { environment[$0] }.path }
        #expect(path(["STATE_DIRECTORY": "/var/lib/a:/var/lib/b", "HOME": folder.path]) == "/var/lib/a/history.sqlite")
        let own = "\(folder.path)/.local/state/genred/history.sqlite"
        if access("/var/lib/genred", F_OK) != 0 {
            #expect(path(["HOME": folder.path]) == own)
            #expect(path(["HOME": "/", "XDG_STATE_HOME": folder.path]) == "\(folder.path)/genred/history.sqlite")
            #expect(path([:]) == nil, "only in memory")
            #expect(path(["HOME": "/proc/nowhere"]) == nil || geteuid() == 0)
        }
        #expect(access(own, F_OK) != 0, "looking creates nothing")
        configured.place = .memory
        #expect(path(["HOME": folder.path]) == nil)
        configured.place = .file("/srv/h")
        #expect(path(["STATE_DIRECTORY": "/x"]) == "/srv/h")
    }

    @Test func `the history's path must be a file, or one that can be created`() throws {
        let file = try folder.write("x", to: "file")
        for (path, isFine) in [
            (folder.file("h"), true), (folder.file("new/h"), true), (folder.file("a/b/h"), false),
            (folder.path, false), (folder.file("file/h"), false), (file, true), ("/h", true),
        ] {
            let yaml = "history: {path: \(path)}"
            if isFine {
                #expect(try setup(yaml).history.path == path)
            } else {
                let error = try #require(throws: ConfigurationError.self) { try setup(yaml) }
                #expect(error.lines.count == 1 && error.lines[0].contains(":1:17: history.path: "), "\(error)")
            }
        }
        #expect(try setup("history: {path: /nowhere/at/all}") { $0.history = .memory }.history.path == nil)
    }

    @Test func `an unusable model is reported, with its place if the file names it`()
        throws
    {
        let bad = try folder.write("not a model", to: "bad.safetensors")
        let inFile = try #require(throws: ConfigurationError.self) { try setup("model: bad.safetensors") }
        #expect(inFile.lines.count == 1)
        #expect(inFile.lines[0].hasPrefix("\(folder.file("g.yaml")):1:8: model '\(bad)': "))
        let missing = try #require(throws: ConfigurationError.self) {
            try setup("model: bad.safetensors") { $0.model = folder.file("missing") }
        }
        #expect(missing.lines[0].hasPrefix("model '\(folder.file("missing"))': No such file or directory"))
        #expect(try setup("model: bad.safetensors") { $0.model = "default" }.model.path == GenreModel.shippedPath())
    }

    @Test func `a reload shares the weights of a model whose file is the same, and reads one that was replaced`() throws
    {
        let file = folder.file("model.safetensors")
        let shipped = try GenreModel.shippedPath()
        try FileManager.default.copyItem(atPath: shipped, toPath: file)
        let first = try setup("model: model.safetensors")
        func reload() throws -> Setup { try Setup(CommandLineOptions(config: folder.file("g.yaml")), after: first) }
        #expect(try reload().model.model.isCopy(of: first.model.model))
        #expect(try reload().analysis.model.isCopy(of: first.analysis.model))
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.copyItem(atPath: shipped, toPath: file)
        #expect(try !reload().model.model.isCopy(of: first.model.model), "another file under the same name")
        try Data("rubbish".utf8).write(to: URL(filePath: file))
        #expect(throws: ConfigurationError.self) { try reload() }
    }

    @Test func `a configuration that does not exist or is not a file is an error`() throws {
        for path in [folder.file("missing"), folder.path, "/dev/zero"] {
            let error = try #require(throws: ConfigurationError.self) { try Setup(CommandLineOptions(config: path)) }
            #expect(error.lines.count == 1)
            #expect(error.lines[0].hasPrefix("cannot read the configuration \(path): "))
        }
    }

    @Test func `a default that was chosen once stays, whichever servers answer later`() throws {
        var first = try setup("log: {level: info}")
        first.configuration.sources = [try source("default", "pulse:@DEFAULT_SOURCE@")]
        first.sourceReason = "a server answered"
        first.socketPath = "/run/user/1/genred/genred.sock"
        let options = CommandLineOptions(config: folder.file("g.yaml"))
        let again = try Setup(options, after: first)
        #expect(again.configuration.sources == first.configuration.sources)
        #expect(again.sourceReason == first.sourceReason)
        #expect(again.socketPath == first.socketPath)
        _ = try folder.write(file, to: "g.yaml")
        let named = try Setup(options, after: first)
        #expect(named.configuration.sources == [try source("radio", "alsa:hw:0")])
        #expect(named.sourceReason == nil)
        #expect(named.socketPath == "/run/a.sock")
    }

    @Test func `the default source is PulseAudio's if a server answers, else ALSA's, with a reason`() throws {
        let none = try Defaults.source { _ in "/nowhere" }
        #expect(none.source.uri.description == "alsa:default")
        #expect(none.reason.contains("ALSA"))
        let server = try ControlSocket(path: folder.file("native"), mode: 0o600, group: nil)
        defer {
            server.remove()
            close(server.descriptor)
        }
        for environment in [
            ["PULSE_RUNTIME_PATH": folder.path], ["PULSE_SERVER": "unix:\(folder.file("native"))"],
            ["PULSE_SERVER": "{0123}unix:/nowhere {4567}\(folder.file("native"))"], ["PULSE_SERVER": "music.local"],
        ] {
            let found = try Defaults.source { environment[$0] }
            #expect(found.source.uri.description == "pulse:@DEFAULT_SOURCE@", "\(environment)")
            #expect(found.reason.contains("PulseAudio"))
        }
        let dead = try Defaults.source { ["PULSE_SERVER": "unix:/nowhere"][$0] }
        #expect(dead.source.uri.kind == .alsa)
    }
}
