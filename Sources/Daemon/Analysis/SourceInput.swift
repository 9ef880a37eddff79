// SPDX-License-Identifier: GPL-3.0-or-later

import Streaming

/// The input of one source's analysis, as the hub and the supervisor see it: `RingInput` for a device or a file, `PipeInput`
/// for a pipe.
protocol SourceInput: AnyObject, Sendable {
    /// The thread that analyses the source, as top and debuggers show it.
    var workerName: String { get }

    var health: SourceHealth { get }

    /// Grows whenever the worker takes anything.
    var progress: Int { get }

    /// Whether the worker has pending work.
    var hasWork: Bool { get }

    /// Whether the worker has taken the settings of the last `use`.
    var hasTakenSettings: Bool { get }

    /// Switches to new settings; an open stream goes on. Throws, and changes nothing, if they are invalid.
    func use(_ settings: AnalysisSettings) throws(StreamingError)

    /// Reports that no audio has come for a while: a device's analysis starts anew, because what it delivers next has
    /// nothing to do with what came before. A file goes on where it was. A pipe measures its pauses itself.
    func noteSilentDevice()
}

extension SourceInput {
    /// Number of times that the device itself lost audio.
    var overruns: Int { health.overruns }

    /// Samples dropped because they were not analysed in time.
    var dropped: Int { health.dropped }
}
