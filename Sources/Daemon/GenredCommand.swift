// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import CStartup
import Capture
import ControlProtocol
import Glibc
import Logging
import Reporting
import StrictYAML

@main
struct GenredCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "genred",
        abstract: "Listens to audio and reports the genre of the music.",
        usage: "genred [--config FILE] [--socket PATH] [--source NAME=URI]... [--model FILE]",
        discussion: """
            SOURCES
              pulse:@DEFAULT_SOURCE@   a microphone
              pulse:@DEFAULT_MONITOR@  the sound that this computer plays
              alsa:hw:CARD=Radio       any ALSA PCM that arecord -L lists
              pipe:-                   standard input: WAV, or raw samples with
                                       ?rate=44100&channels=2&format=s16le
              pipe:/run/radio.fifo     a FIFO, with the same options
              station:jazz24           a radio station: what the service
                                       genred-station@jazz24 receives
              file:/music/set.flac     an audio file: ?pace=fast reads it as fast
                                       as possible, ?loop=true repeats it
              ?use=3, ?use=1,2         listens to these channels alone
              ?use=left, ?use=right

            Without a source genred listens to PulseAudio's default source or, if
            no server answers, to ALSA's default PCM. The command line overrides the
            configuration file, also after a reload (SIGHUP).

            EXAMPLES
              genred --source mic=pulse:@DEFAULT_SOURCE@
              genred-station URL | genred --source radio=pipe:-
              genred --source 'set=file:set.flac?pace=fast' --socket /tmp/g.sock

            Query it with genrectl, or by hand:
              echo '{"jsonrpc":"2.0","id":1,"method":"current"}' | nc -N -U SOCKET

            EXIT CODES
            \(ExitStatus.allCases.map { "  \($0.rawValue)\($0.rawValue < 10 ? " " : "")  \($0.meaning)" }
                .joined(separator: "\n"))
            """,
        version: genredVersion)

    @Option(
        help: ArgumentHelp(
            "The configuration file. Default: \(Defaults.configurationFile), if it exists.", valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "The control socket. Default: \(SocketPath.system) or, if it cannot be created there, "
                + "$XDG_RUNTIME_DIR/genred/genred.sock.", valueName: "path"))
    var socket: String?

    @Option(
        name: .customLong("source"),
        help: ArgumentHelp("A source, in place of the file's sources. Can be repeated.", valueName: "name=uri"),
        transform: Self.source)
    var sources: [Configuration.Source] = []

    @Option(help: ArgumentHelp("A model file, or default for the one that ships with genred.", valueName: "file"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "The history's file, or none to keep the history only in memory. Default: history.sqlite in $STATE_DIRECTORY, "
                + "in /var/lib/genred if this user owns it, or in ~/.local/state/genred.", valueName: "path"))
    var history: String?

    @Option(
        help: ArgumentHelp(
            "The log level: \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "level"),
        transform: Self.level)
    var logLevel: Logger.Level?

    @Flag(help: "Check the configuration, print its settings or its mistakes, and exit.")
    var checkConfig = false

    static func main() {
        SignalService.hold()
        genred_share_arena()
        main(PathText.arguments())
    }

    func validate() throws {
        for (index, source) in sources.enumerated() {
            for other in sources[..<index] {
                if other.name == source.name {
                    throw ValidationError("two sources are called \(quoted(source.name)); each needs a name of its own")
                }
                if let resource = source.uri.exclusiveResource, other.uri.exclusiveResource == resource {
                    throw ValidationError(
                        "only one source can read \(resource), and \(quoted(other.name)) already does")
                }
            }
        }
        if let history, history != "none", Configuration.History.Place(absolute(history)) == nil {
            throw ValidationError("--history takes the path of a file, or none, not \(quoted(history))")
        }
        if sources.count > Configuration.mostSources {
            throw ValidationError("\(sources.count) sources; at most \(Configuration.mostSources) are allowed")
        }
    }

    func run() throws {
        let place = history.flatMap { Configuration.History.Place($0 == "none" ? $0 : absolute($0)) }
        let options = CommandLineOptions(
            config: config, socket: socket.map(absolute), sources: sources, model: model, history: place,
            logLevel: logLevel)
        // A process that the watchdog kills dies at once, with a core dump if the system keeps them: the runtime's own
        // handler would wait for the very thread that hangs.
        signal(SIGABRT, SIG_DFL)
        // A reader that goes away and a file that may not grow fail a write; they do not kill the daemon.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        ResourceUse.raiseFileLimit()
        var passed: Range<Int32> = 0..<0
        do {
            let service = try ServiceEnvironment.take()
            passed = service.descriptors
            let setup = try Setup(options)
            if checkConfig {
                for note in setup.configuration.permissionNotes {
                    StandardError.shared.write("genred: note: \(note)\n")
                }
                return print(setup.report)
            }
            let level = SharedLevel(setup.configuration.log.level)
            let isJournal = StandardError.shared.isJournal(SocketPath.variable("JOURNAL_STREAM"))
            let log = Logger(label: "genred") { _ in LineLog(isJournal: isJournal, level: level) }
            let daemon = try Daemon(setup, options: options, log: log, level: level, service: service)
            let status = try TaskQueue.services.run { try await daemon.run() }
            throw ExitCode(status.rawValue)
        } catch let code as ExitCode {
            throw code
        } catch let error as ConfigurationError {
            throw fail(StartError(error), passed)
        } catch let error as StartError {
            throw fail(error, passed)
        } catch {
            throw fail(StartError(.system, "\(error)"), passed)
        }
    }

    private func fail(_ error: StartError, _ passed: Range<Int32>) -> ExitCode {
        WaitingClients.refuse(on: passed, error)
        for line in error.lines { StandardError.shared.write("genred: \(line)\n") }
        return ExitCode(error.status.rawValue)
    }

    private static func source(_ text: String) throws -> Configuration.Source {
        guard let equals = text.firstIndex(of: "="), let name = SourceName(String(text[..<equals])) else {
            let wrong = text.firstIndex(of: "=").map { "; \(quoted(text[..<$0])) is none" } ?? ""
            throw ValidationError(
                "a source is written NAME=URI, such as radio=pulse:@DEFAULT_SOURCE@; a name has \(SourceName.rule)"
                    + wrong)
        }
        do throws(CaptureError) {
            let uri = try SourceURI(parsing: String(text[text.index(after: equals)...]))
            return Configuration.Source(name: name.text, uri: uri)
        } catch {
            throw ValidationError(error.message)
        }
    }

    private static func level(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("the log level must be one of \(levels), not \(quoted(text))")
        }
        return level
    }

    /// Makes a path absolute, so that it does not depend on the working directory.
    private func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), !path.isEmpty, let directory = getcwd(nil, 0) else { return path }
        defer { free(directory) }
        return "\(String(cString: directory))/\(path)"
    }
}

extension Setup {
    /// The settings, as `--check-config` prints them.
    fileprivate var report: String {
        let socket = configuration.socket
        let mode = String(socket.mode, radix: 8)
        let log = configuration.log
        var lines = [
            "\(configuration.file ?? "no configuration file"): ok",
            "  socket   \(socketPath), mode 0\(mode), group \(socket.group ?? "of the daemon")",
            "  model    \(model.path), \(model.model.labels.count) labels, \(model.model.parameterCount) parameters",
            "  update   every \(NumberText.plain(analysis.updateInterval)) s",
            "  history  \(history.limit) changes per source, for \(DurationText.text(history.keep)), in \(history.path ?? "memory")",
            "  log      \(log.level), \(log.summary.map { "a summary every \(DurationText.text($0))" } ?? "no summary")",
        ]
        if let sourceReason { lines.append("  \(sourceReason)") }
        lines += configuration.sources.map { "  source   \($0.name)  \($0.uri)" }
        return lines.joined(separator: "\n")
    }
}
