// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import ControlProtocol
import Glibc
import Logging
import Reporting

/// The program `genred-station`.
@main
struct StationProgram: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "genred-station",
        abstract: "Plays a radio station to genred: from its URL to WAV, for as long as it runs.",
        discussion: """
            The URL is that of a station (Icecast, Shoutcast, HLS, RTSP) or of a playlist (.m3u, .pls) that names one. \
            ffmpeg decodes what comes. Whatever happens to the station, it is tried again: after a second at first, \
            after a minute at most.

            Without --fifo-folder, the audio goes to standard output:
              genred-station https://example.org/jazz.mp3 | genred --source radio=pipe:-

            With it, there are two FIFOs in the folder: NAME.wav, for genred's source station:NAME, and NAME.notes, with \
            the title and the state of the station. The service genred-station@NAME does that with what \
            /etc/genred/stations/NAME.conf says:
              url=https://example.org/jazz.mp3
              user=me
              password=secret

            Further lines: user-agent=TEXT, header=NAME: VALUE, ca=FILE (certificates to trust instead of the system's), \
            and comments, which begin with #. A password belongs there: every user of the machine can see arguments.

            Exit codes:
            \(StationExit.help)
            """,
        version: genredVersion
    )

    @Argument(help: ArgumentHelp("The station, or a playlist that names it.", valueName: "url"))
    var url: String?

    @Option(help: ArgumentHelp("The file that says which station it is, instead of a URL.", valueName: "file"))
    var config: String?

    @Option(help: "The station's name, for the FIFOs and the log. (default: that of the file)")
    var name: String?

    @Option(help: ArgumentHelp("Write to NAME.wav and NAME.notes in this folder.", valueName: "folder"))
    var fifoFolder: String?

    @Option(
        help: ArgumentHelp(
            "Hang up if nobody has read the audio in the FIFO for so long, until somebody does.", valueName: "duration")
    )
    var hangUp = "60s"

    @Flag(help: "Say whether the URL or the file is right, and exit.")
    var check = false

    static func main() {
        // A reader that goes away fails a write; it does not kill the program.
        signal(SIGPIPE, SIG_IGN)
        main(nil)
    }

    func validate() throws {
        guard (url == nil) != (config == nil) else {
            throw ValidationError("give the station's URL, or --config FILE: see genred-station --help")
        }
        guard fifoFolder == nil || name != nil || config != nil else {
            throw ValidationError("--fifo-folder needs a --name for the FIFOs")
        }
    }

    func run() throws {
        do throws(StationError) {
            try start()
        } catch {
            for line in error.lines { StandardError.shared.write("genred-station: \(line)\n") }
            throw ExitCode(error.exit.rawValue)
        }
    }

    private func start() throws(StationError) {
        let settings = try settings()
        let name = try stationName()
        guard let seconds = DurationText.seconds(hangUp), seconds >= 1 else {
            throw StationError(.usage, "--hang-up: \(quoted(hangUp)) is not \(DurationText.examples)")
        }
        guard let ffmpeg = findProgram("ffmpeg") else {
            throw StationError(
                .configuration, "ffmpeg, which decodes stations, is not installed: sudo apt install ffmpeg")
        }
        var status = stat()
        if let config, settings.url.password != nil, stat(config, &status) == 0, status.st_mode & 0o004 != 0 {
            StandardError.shared.write(
                "genred-station: \(config) holds a password, and every user of this machine can read it: chmod 640 \(config)\n"
            )
        }
        if check {
            print("\(config ?? settings.url.shown): no mistakes")
            return
        }
        let notification = ServiceNotification(path: SocketPath.variable("NOTIFY_SOCKET"))
        let signals = SignalQueue([SIGTERM, SIGINT])
        let (output, notes) = try outputs(name)
        let level = SharedLevel(.info)
        let isJournal = StandardError.shared.isJournal(SocketPath.variable("JOURNAL_STREAM"))
        let log = Logger(label: "genred-station") { _ in LineLog(isJournal: isJournal, level: level) }
        if config == nil, settings.url.password != nil {
            log.warning("every user of this machine can see the password in the URL: write it into a file for --config")
        }
        let news = StationNews(log, notes, notification, name: name)
        do throws(StationFailure) {
            let station = try Station(
                settings, ffmpeg: ffmpeg, hangUpAfter: seconds, output: output, notes: notes, news: news,
                notification: notification, signals: signals)
            notification.ready("connecting")
            station.run()
            notification.stopping()
        } catch {
            throw StationError(.system, error.reason)
        }
    }

    private func settings() throws(StationError) -> StationSettings {
        if let url {
            do throws(StationFailure) {
                return StationSettings(url: try StationURL(url))
            } catch {
                throw StationError(.usage, error.reason)
            }
        }
        let file = config ?? ""
        // The service manager's copy has a path that nobody knows.
        let isCopy = SocketPath.variable("CREDENTIALS_DIRECTORY").map { file.hasPrefix("\($0)/") } == true
        let shown = isCopy ? "/etc/genred/stations/\(name ?? "NAME").conf" : file
        do {
            return try StationSettings(try readWholeFile(file, limit: StationSettings.largestFile), file: shown)
        } catch let error as StationConfigurationError {
            throw StationError(.configuration, lines: error.lines)
        } catch {
            throw StationError(.configuration, "--config: \(quoted(shown)): \(error)")
        }
    }

    private func stationName() throws(StationError) -> String? {
        let file = config?.split(separator: "/").last.map {
            $0.hasSuffix(".conf") ? String($0.dropLast(5)) : String($0)
        }
        guard let name = name ?? file else { return nil }
        if let problem = StationName.problem(name) { throw StationError(.usage, "--name: \(problem)") }
        return name
    }

    private func outputs(_ name: String?) throws(StationError) -> (AudioOutput, NotesOutput) {
        let now = monotonicSeconds()
        if let fifoFolder, let name {
            let folder = try StationFolder(fifoFolder, name: name)
            return (AudioOutput(fifo: folder.audio, at: now), NotesOutput(fifo: folder.notes))
        }
        guard isatty(STDOUT_FILENO) == 0 else {
            throw StationError(
                .usage, "standard output is a terminal: genred-station URL | genred --source radio=pipe:-")
        }
        return (AudioOutput(fifo: nil, at: now), NotesOutput(fifo: nil))
    }
}
