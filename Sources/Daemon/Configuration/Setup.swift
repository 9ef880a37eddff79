// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import ControlProtocol
import Glibc
import History
import Model
import Streaming
import StrictYAML

/// A configuration that is ready for use: everything in it has been checked, and its model is loaded.
struct Setup: Sendable {
    var configuration: Configuration
    /// The path of the control socket.
    var socketPath: String
    var model: LoadedModel
    var analysis: AnalysisSettings
    var history: HistorySettings
    /// Why the default source was chosen; nil if sources are configured.
    var sourceReason: String?

    /// Reads the file, if there is one, lets the command line override it, fills in the defaults and loads the model.
    /// Throws every mistake at once.
    ///
    /// - Parameter previous: the setup in force. Its choices of defaults stay, whichever servers answer now.
    init(_ options: CommandLineOptions, after previous: Setup? = nil) throws(ConfigurationError) {
        var configuration = Configuration()
        if let path = options.config ?? Self.defaultFile {
            configuration = try ConfigurationFile.parse(try YAMLText.read(path), file: path)
        }
        let file = configuration.file
        if !options.sources.isEmpty { configuration.sources = options.sources }
        if let model = options.model {
            configuration.model = model == "default" ? nil : model
            configuration.places["model"] = nil
        }
        if let place = options.history {
            configuration.history.place = place
            configuration.places["history.path"] = nil
        }
        if let level = options.logLevel { configuration.log.level = level }
        if let path = options.socket { configuration.socket.path = path }
        if configuration.sources.isEmpty, let previous, let reason = previous.sourceReason {
            configuration.sources = previous.configuration.sources
            sourceReason = reason
        } else if configuration.sources.isEmpty {
            do throws(CaptureError) {
                let (source, reason) = try Defaults.source()
                configuration.sources = [source]
                sourceReason = reason
            } catch {
                throw ConfigurationError(file: nil, error.message)
            }
        }
        let previousPath = previous.flatMap { $0.configuration.socket.path == nil ? $0.socketPath : nil }
        socketPath = configuration.socket.path ?? previousPath ?? Defaults.socketPath()
        // Mistakes that only show on this machine, although each value is possible.
        var problems = configuration.systemProblems
        let model: LoadedModel?
        do throws(ModelError) {
            model = try LoadedModel(path: configuration.model, after: previous?.model)
        } catch {
            guard let place = configuration.places["model"] else {
                throw ConfigurationError(file: nil, error.description)
            }
            problems.append(ConfigurationProblem(place: place, message: error.description))
            model = nil
        }
        var updateInterval = 0.0
        if let model {
            do throws(StreamingError) {
                updateInterval = try UpdateGrid(model: model.model, interval: configuration.update).interval
            } catch {
                let place = configuration.places["update"]
                problems.append(ConfigurationProblem(place: place, message: error.description))
            }
        }
        guard let model, problems.isEmpty else { throw ConfigurationError(file: file, problems: problems) }
        self.model = model
        analysis = AnalysisSettings(
            model: model.model, updateInterval: updateInterval, estimator: configuration.estimator)
        history = Defaults.history(configuration.history)
        if configuration.history.place == .usual, let previous, previous.configuration.history.place == .usual {
            history.path = previous.history.path
        }
        self.configuration = configuration
    }

    private static var defaultFile: String? {
        access(Defaults.configurationFile, F_OK) == 0 ? Defaults.configurationFile : nil
    }

    var hubSettings: HubSettings {
        HubSettings(configurationFile: configuration.file) { [model] in model.info }
    }
}

/// A model and the file that it was read from.
struct LoadedModel: Sendable {
    let model: GenreModel
    let path: String
    /// Device, inode, size and times of the file: they change when the file is replaced or written, even if its time is then set
    /// back.
    private let identity: [Int]

    /// - Parameters:
    ///   - path: nil for the model that ships with the program.
    ///   - previous: the model in force. If the file is still the same, the result is a copy of it.
    init(path: String?, after previous: LoadedModel? = nil) throws(ModelError) {
        if let path { self.path = path } else { self.path = try GenreModel.shippedPath() }
        var status = stat()
        // Before the file is read: if it is replaced in between, the next reload sees a change.
        identity =
            stat(self.path, &status) == 0
            ? [
                Int(truncatingIfNeeded: status.st_dev), Int(truncatingIfNeeded: status.st_ino), Int(status.st_size),
                status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
            ] : []
        if let previous, previous.path == self.path, previous.identity == identity, !identity.isEmpty {
            model = previous.model
        } else {
            model = try GenreModel(contentsOf: self.path).forInference()
        }
    }

    var info: ModelInfo {
        ModelInfo(path: path, labels: model.labels, parameters: model.parameterCount, card: model.card)
    }
}
