// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import Model
import Streaming

/// The input of a pipe: the worker itself reads it, so that nothing lies between reading and analysis.
final class PipeInput: SourceInput, PipeSink, AnalysisTrack, @unchecked Sendable {
    // Safe to share: `analysis` belongs to the worker's thread, which alone calls the functions of the sink and the track;
    // everything else is immutable, atomic or under a lock.

    let workerName: String
    let health = SourceHealth()
    /// Reads the pipe on the worker's thread.
    let reader: PipeReader
    private let settings: SourceSettings
    private let changes = Mailbox<SettingsChange>()
    private let workspace: Workspace
    private let wakeWorker: @Sendable () -> Void
    private let analysis: SourceAnalysis
    private var nanosecondsPerSample = 0.0
    private let longestPause: Double

    /// - Parameters:
    ///   - announcements: the worker's.
    ///   - longestPause: the longest pause of a writer, in seconds, after which the analysis goes on where it was; by default
    ///     one window.
    init(
        settings: AnalysisSettings, slot: Int, worker: AnalysisWorker, announcements: Announcements,
        longestPause: Double = FrontEnd.version1.windowDuration,
        wakeWorker: @escaping @Sendable () -> Void
    ) {
        self.longestPause = longestPause
        self.settings = SourceSettings(settings)
        workerName = worker.name
        reader = worker.reader
        workspace = worker.workspace
        self.wakeWorker = wakeWorker
        analysis = SourceAnalysis(slot: slot, announcements: announcements)
    }

    // MARK: The hub and the supervisor

    /// Also grows when another pipe of the worker is read.
    var progress: Int { health.taken + reader.progress }

    var hasTakenSettings: Bool { !changes.hasMail }

    var hasWork: Bool { changes.hasMail || settings.hasStream && reader.hasWork }

    func use(_ settings: AnalysisSettings) throws(StreamingError) {
        try self.settings.use(settings) { changes.post($0) }
        wakeWorker()
    }

    func noteSilentDevice() {}

    // MARK: The worker

    func turn() -> Bool {
        applyChanges()
        return false
    }

    /// Whether the hub has left room for the estimates of one read.
    var hasRoom: Bool {
        applyChanges()
        let hasRoom = analysis.hasRoom
        health.noteWaiting(!hasRoom)
        return hasRoom
    }

    var demand: AudioDemand? { analysis.demand }

    func handle(_ event: CaptureEvent) {
        switch event {
        case .overrun:
            health.noteOverrun()
        case .opened(let format):
            health.noteDelivery()
            open(format)
        case .suspended, .resumed, .noticed, .damaged:
            analysis.report(event)
        case .waiting, .lost, .ended:
            settings.close()
            // The waiting changes came before the event.
            applyChanges()
            analysis.close(event)
        }
    }

    func process(_ samples: UnsafeBufferPointer<Float>) {
        // After a pause longer than a window, what was heard before says nothing about what comes now.
        if health.secondsSinceDelivery() > longestPause { analysis.restart() }
        health.noteDelivery(lasting: Int64(Double(samples.count) * nanosecondsPerSample))
        analysis.process(samples)
        analysis.announceEstimates()
    }

    private func open(_ format: StreamFormat) {
        let rate = format.sampleRate
        nanosecondsPerSample = 1e9 / Double(rate)
        let turn = PipeReader.mostSeconds(sampleRate: rate, channels: format.channels)
        do throws(StreamingError) {
            try settings.open(sampleRate: rate, turn: turn, workspace: workspace) { stream in
                // The waiting changes are for the stream before this one.
                applyChanges()
                analysis.open(format, stream)
            }
        } catch {
            analysis.close(.lost(CaptureError(.formatMismatch, error.description)))
        }
    }

    private func applyChanges() {
        while changes.hasMail, let change = changes.take() {
            health.noteTaken()
            analysis.use(change)
        }
    }
}
