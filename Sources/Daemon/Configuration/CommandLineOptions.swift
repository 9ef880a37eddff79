// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import Logging

/// The options of the command line. They override the configuration file, also after a reload.
struct CommandLineOptions: Sendable, Equatable {
    var config: String?
    var socket: String?
    var sources: [Configuration.Source] = []
    var model: String?
    var history: Configuration.History.Place?
    var logLevel: Logger.Level?
}
