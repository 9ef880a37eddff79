// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import Streaming

/// Receives the results of the analysis; the hub does.
protocol AnalysisListener: AnyObject, Sendable {
    /// The slot's stream has unread estimates. Called by any thread, at any time; neither allocates nor locks.
    ///
    /// - Parameter isUrgent: whether they must be read soon, even if nobody has asked for every estimate.
    func estimatesWait(slot: Int, isUrgent: Bool)

    /// The slot's source has delivered nothing for a while (`StallWatch`). Called by its worker, seldom; may allocate.
    func sourceIsQuiet(slot: Int)

    /// An event has happened. Events are rare, and come from the source's worker, in order.
    func post(_ event: TrackEvent, slot: Int)
}

/// An event of a source, in order with its estimates.
enum TrackEvent: Sendable {
    /// A new stream begins, whose estimates come through `ring`.
    case opened(StreamFormat, ring: EstimateRing, labels: [String])
    /// The same stream goes on with other settings: its next estimates come through `ring`.
    case replaced(ring: EstimateRing, labels: [String])
    /// There is no stream; the next one will have these labels.
    case relabelled([String])
    /// The station has said something. Comes from a thread of its own, in no order with the others.
    case said(StationReport)
    /// Something within the stream: `suspended`, `resumed`, `noticed` or `damaged`.
    case happened(CaptureEvent)
    /// The stream is over: `waiting`, `lost` or `ended`.
    case closed(CaptureEvent)
}

/// One source as its worker sees it.
protocol AnalysisTrack: AnyObject {
    var health: SourceHealth { get }

    /// Does the work that the worker was woken for, a limited amount at a time. Returns whether there is more, which waits
    /// until the other sources had their turn.
    func turn() -> Bool
}

/// The analysis of one source: its open stream, if there is one, and the reports to the hub. Used by its worker's thread.
///
/// A class, because reading a structure's parts would count references to the listener, which all threads share.
final class SourceAnalysis {
    private let slot: Int
    private let announcements: Announcements
    private var stream: StreamAnalysis?

    /// - Parameter announcements: the worker's.
    init(slot: Int, announcements: Announcements) {
        self.slot = slot
        self.announcements = announcements
    }

    /// Whether the hub has left room for the estimates of one turn. If not, it wakes the worker when it has made room.
    var hasRoom: Bool { stream?.hasRoom ?? true }

    /// What the stream has heard, and with how much it will have the next estimate.
    var demand: AudioDemand? { stream?.demand }

    /// The caller announces the estimates that this makes.
    func process(_ samples: UnsafeBufferPointer<Float>) { stream?.process(samples) }

    /// Announces the estimates that were made since the last call, if any.
    func announceEstimates() {
        if let isUrgent = stream?.takeAnnouncement() { announcements.add(slot: slot, isUrgent: isUrgent) }
    }

    func open(_ format: StreamFormat, _ new: StreamAnalysis) {
        stream = new
        announcements.listener.post(.opened(format, ring: new.estimates, labels: new.labels), slot: slot)
    }

    func close(_ event: CaptureEvent) {
        stream?.finish()
        stream = nil
        announcements.listener.post(.closed(event), slot: slot)
    }

    func use(_ change: SettingsChange) {
        switch change {
        case .analysis(let change):
            guard let stream else { return }
            stream.use(change)
            announcements.listener.post(.replaced(ring: stream.estimates, labels: stream.labels), slot: slot)
        case .labels(let labels):
            announcements.listener.post(.relabelled(labels), slot: slot)
        }
    }

    func report(_ event: CaptureEvent) { announcements.listener.post(.happened(event), slot: slot) }

    /// Begins anew after a hole in the audio.
    func restart() { stream?.restart() }
}
