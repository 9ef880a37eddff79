// SPDX-License-Identifier: GPL-3.0-or-later

import Streaming
import Synchronization

/// The settings of one source's analysis, and whether there is a stream that they apply to.
///
/// One lock covers the opening of a stream, its end and a change of the settings, so that a change comes wholly before or
/// wholly after an opening. What each of them makes is posted under the lock, and so in order.
final class SourceSettings: Sendable {
    private struct State {
        var settings: AnalysisSettings
        /// Seconds of audio that one turn of the worker can take; nil while no stream is open.
        var turn: Double?
    }

    private let state: Mutex<State>

    init(_ settings: AnalysisSettings) {
        state = Mutex(State(settings: settings))
    }

    var hasStream: Bool { state.withLock { $0.turn != nil } }

    /// Makes the analysis of a new stream. If that fails there is no stream.
    ///
    /// - Parameter turn: the seconds of audio that one turn of the worker can take.
    func open(
        sampleRate: Int, turn: Double, workspace: Workspace, post: (StreamAnalysis) -> Void
    ) throws(StreamingError) {
        try state.withLock { state throws(StreamingError) in
            state.turn = nil
            post(
                try StreamAnalysis(
                    sampleRate: sampleRate, turn: turn, settings: state.settings, workspace: workspace))
            state.turn = turn
        }
    }

    func close() {
        state.withLock { $0.turn = nil }
    }

    /// Puts other settings in force. Throws, and changes nothing, if they are impossible.
    func use(_ settings: AnalysisSettings, post: (SettingsChange) -> Void) throws(StreamingError) {
        try state.withLock { state throws(StreamingError) in
            if let turn = state.turn {
                post(.analysis(try AnalysisChange(settings: settings, after: state.settings, turn: turn)))
            } else {
                _ = try settings.replacement(after: state.settings)
                post(.labels(settings.model.labels))
            }
            state.settings = settings
        }
    }
}

/// The consequence of other settings for a source's worker.
enum SettingsChange: Sendable {
    /// The same stream goes on with other settings.
    case analysis(AnalysisChange)
    /// There is no stream; the next one will have these labels.
    case labels([String])
}
