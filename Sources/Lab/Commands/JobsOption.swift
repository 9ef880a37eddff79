// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Training

/// The option `--jobs`.
struct JobsOption: ParsableArguments {
    @Option(help: "Threads; by default one per core. The result does not depend on it.")
    var jobs: Int?

    func validate() throws {
        if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs must be 1 to 256") }
    }

    var workers: Workers { Workers(count: jobs) }
}
