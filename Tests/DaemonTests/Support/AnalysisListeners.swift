// SPDX-License-Identifier: GPL-3.0-or-later

import Streaming
import Synchronization

@testable import genred

/// Collects the results of the analysis.
final class Listener: AnalysisListener {
    struct State {
        var ring: EstimateRing?
        var positions: [Double] = []
        var states: [EstimatorState] = []
        var events: [String] = []
        /// The slots of the sources that were quiet, in turn.
        var quiet: [Int] = []
    }
    let state = Mutex(State())
    /// While raised, estimates stay in the ring.
    let isHeld = Flag()
    let wake = Mutex<@Sendable () -> Void>({})

    func estimatesWait(slot: Int, isUrgent: Bool) {
        if !isHeld.isRaised { collect() }
    }

    func collect() {
        let waits = state.withLock { state -> Bool in
            var (positions, states) = (state.positions, state.states)
            let waits = state.ring?.drain {
                positions.append($0.position)
                states.append($0.state)
            }
            (state.positions, state.states) = (positions, states)
            return waits ?? false
        }
        if waits { wake.withLock { $0 }() }
    }

    func post(_ event: TrackEvent, slot: Int) {
        if !isHeld.isRaised { collect() }
        state.withLock { state in
            switch event {
            case .opened(_, let ring, _):
                state.ring = ring
                state.events.append("opened")
            case .replaced(let ring, _):
                state.ring = ring
                state.events.append("replaced")
            case .relabelled(let labels): state.events.append("labels \(labels.count)")
            case .said: state.events.append("said")
            case .happened: state.events.append("happened")
            case .closed(.ended): state.events.append("ended")
            case .closed(.lost): state.events.append("lost")
            case .closed: state.events.append("closed")
            }
        }
    }

    func sourceIsQuiet(slot: Int) { state.withLock { $0.quiet.append(slot) } }
}

/// Passes everything on to the listener of its slot.
final class Fan: AnalysisListener {
    private let listeners: [Listener]
    private let places = Mutex<[Int: Int]>([:])

    init(_ listeners: [Listener]) { self.listeners = listeners }

    func assign(_ slot: Int, to index: Int) { places.withLock { $0[slot] = index } }

    func estimatesWait(slot: Int, isUrgent: Bool) {
        places.withLock { $0[slot] }.map { listeners[$0].estimatesWait(slot: slot, isUrgent: isUrgent) }
    }

    func post(_ event: TrackEvent, slot: Int) {
        places.withLock { $0[slot] }.map { listeners[$0].post(event, slot: slot) }
    }

    func sourceIsQuiet(slot: Int) { places.withLock { $0[slot] }.map { listeners[$0].sourceIsQuiet(slot: slot) } }
}
