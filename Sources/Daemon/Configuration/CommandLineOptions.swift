// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import Logging

/// What the command line says; it goes before the file, also when that is read again.
struct CommandLineOptions: Sendable, Equatable {
    var config: String?
    var socket: String?
    var sources: [Configuration.Source] = []
    var model: String?
    var history: Configuration.History.Place?
    var logLevel: Logger.Level?
}
