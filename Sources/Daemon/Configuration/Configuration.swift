// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import History
import Logging
import Streaming
import StrictYAML

/// The daemon's settings, from file, command line and defaults.
struct Configuration: Sendable, Equatable {
    struct Source: Sendable, Equatable {
        var name: String
        var uri: SourceURI
    }

    struct Log: Sendable, Equatable {
        var level = Logger.Level.info
        /// Seconds between summaries; nil for none.
        var summary: Double? = 3600
    }

    /// Where, how long and how much history is kept.
    struct History: Sendable, Equatable {
        enum Place: Sendable, Equatable {
            /// In the folder that `Defaults` finds.
            case usual
            case memory
            /// The path of a file.
            case file(String)

            static let rule = "an absolute path, or none to keep it in memory"

            init?(_ text: String) {
                if text == "none" {
                    self = .memory
                } else if text.hasPrefix("/"), !text.hasSuffix("/"), !text.utf8.contains(0) {
                    self = .file(text)
                } else {
                    return nil
                }
            }
        }

        var place = Place.usual
        /// Seconds that a change is kept.
        var keep: Double
        /// The most changes of each source.
        var limit: Int

        /// Uses the defaults of the history itself.
        init() {
            let usual = HistorySettings()
            (keep, limit) = (usual.keep, usual.limit)
        }
    }

    /// The file that was read; nil when there is none.
    var file: String?
    var sources: [Source] = []
    var socket = SocketSettings()
    /// The path of the model; nil for the one that ships with the program.
    var model: String?
    /// Seconds between estimates; nil for as often as the network allows.
    var update: Double?
    var estimator = EstimatorParameters()
    var history = History()
    var log = Log()

    /// The places of values in the file, by the key's path such as `update`, for errors that are only found later.
    var places: [String: ConfigurationPlace] = [:]

    static func == (a: Configuration, b: Configuration) -> Bool {
        // Without the places.
        a.file == b.file && a.sources == b.sources && a.socket == b.socket && a.model == b.model
            && a.update == b.update && a.estimator == b.estimator && a.history == b.history && a.log == b.log
    }

    /// The most sources. The analysis has a few more slots.
    static let mostSources = 4000
}
