// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Synchronization

/// Numbers the changes of this run, from any thread and without waiting for the disk.
///
/// Numbers are reserved on disk in blocks, ahead of their use, so that a daemon that was killed goes on above every number
/// that it may have given out. If a reservation runs out because the disk fails, the changes go on under another instance:
/// instance and number together are never used twice.
final class ChangeNumbers: Sendable {
    /// How many numbers are reserved ahead. As many changes are kept in memory while the disk fails.
    static let block = PendingEntries.capacity
    /// The largest number: JSON readers keep whole numbers up to here.
    static let largest = 1 << 53

    private struct State {
        var instance = ""
        /// The next number. It is 0 until the first one is known.
        var next = 0
        /// The numbers below it are reserved on disk for `instance`; nil if nothing about this instance is on disk.
        var end: Int?
    }

    private let state = Mutex(State())

    /// Sets the first number, if no number has been given out yet. Returns whether that was so.
    ///
    /// - Parameter end: the end of the reservation on disk; nil without one.
    @discardableResult
    func begin(_ instance: String, next: Int, end: Int?) -> Bool {
        state.withLock { state in
            guard state.next == 0 else { return false }
            state = State(instance: instance, next: next, end: end)
            return true
        }
    }

    var hasBegun: Bool { state.withLock { $0.next > 0 } }

    /// The instance that the numbers belong to; nil before the first number is known.
    var instanceIfBegun: String? { state.withLock { $0.next > 0 ? $0.instance : nil } }

    /// The same; without a file, the numbers begin at 1 under an instance of this run.
    var instance: String {
        state.withLock { state in
            Self.beginAnew(&state)
            return state.instance
        }
    }

    /// Takes the next number. `isRenewed` if it is the first of another instance, because the reservation ran out.
    func take() -> (number: Int, isRenewed: Bool) {
        state.withLock { state in
            Self.beginAnew(&state)
            let isRenewed = state.next == state.end
            if isRenewed { Self.renew(&state) }
            defer { state.next += 1 }
            return (state.next, isRenewed)
        }
    }

    /// Whether a reservation on disk is needed: of which instance, and up to which number. Nil while one is large enough.
    var wanted: InstanceRecord? {
        state.withLock { state in
            if state.next == 0 { return nil }
            if let end = state.end, end - state.next >= Self.block / 2 { return nil }
            return InstanceRecord(instance: state.instance, next: state.next + Self.block)
        }
    }

    /// Notes a reservation that is on disk now.
    func keep(_ record: InstanceRecord) {
        state.withLock { state in
            if state.instance == record.instance { state.end = max(record.next, state.next) }
        }
    }

    /// Whether a reservation of this instance is on disk.
    var isKept: Bool { state.withLock { $0.end != nil } }

    /// Forgets the reservation, because it was removed from the disk or, with `isRenewed`, could not be.
    func release(isRenewed: Bool) {
        state.withLock { state in
            state.end = nil
            if isRenewed { Self.renew(&state) }
        }
    }

    /// Ends the numbers of this instance, and returns the next one for a later run; nil if none was given out under a
    /// reservation.
    func close() -> InstanceRecord? {
        state.withLock { state in
            guard state.end != nil else { return nil }
            defer { Self.renew(&state) }
            return InstanceRecord(instance: state.instance, next: state.next)
        }
    }

    private static func beginAnew(_ state: inout State) {
        if state.next == 0 { state = State(instance: newInstance(), next: 1, end: nil) }
    }

    private static func renew(_ state: inout State) { (state.instance, state.end) = (newInstance(), nil) }

    static func newInstance() -> String { UUID().uuidString.lowercased() }
}
