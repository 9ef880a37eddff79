// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CPolling
import Dispatch
import Glibc
import Logging
import Synchronization

/// Carries out what the rules fire: requests and commands, one at a time for each rule, all of them on a thread of its
/// own, which waits for them together. A hook that hangs holds up its own rule alone.
final class HookRunner: Sendable {
    struct State {
        var rules: [HookRule] = []
        /// By the rule's name.
        var queues: [String: HookQueue] = [:]
        /// When everything has to be over; nil until that is asked for.
        var end: Double?
    }

    let state: Mutex<State>
    let clock: HookClock
    let log: Logger
    /// Makes the thread look at `state`.
    let wakeup: EventDescriptor
    /// Readable after a delivery is over.
    let finished: EventDescriptor
    private let isOver = DispatchSemaphore(value: 0)

    /// - Parameter waiting: what an earlier life did not deliver.
    init(_ rules: [HookRule], waiting: [HookDelivery], clock: HookClock, log: Logger) throws(OutletError) {
        state = Mutex(State(rules: rules))
        self.clock = clock
        self.log = log
        wakeup = try EventDescriptor()
        finished = try EventDescriptor()
        let lost = waiting.count { delivery in !rules.contains { $0.name == delivery.rule } }
        if lost > 0 { log.warning("\(NumberText.counted(lost, "event")) of rules that are gone will not be delivered") }
        submit(waiting)
    }

    /// Starts the thread, which ends after `stop`.
    func start() throws(OutletError) {
        var thread = pthread_t()
        let retained = Unmanaged.passRetained(self)
        let error = pthread_create(
            &thread, nil,
            { runner in
                // Safe: the pointer is the retained runner passed below, taken exactly once.
                let runner = Unmanaged<HookRunner>.fromOpaque(runner!).takeRetainedValue()
                HookWorker(runner).run()
                runner.isOver.signal()
                return nil
            }, retained.toOpaque())
        guard error == 0 else {
            retained.release()
            throw OutletError(.system, "the system refuses another thread: \(systemMessage(error)) (pthread_create)")
        }
        pthread_detach(thread)
    }

    /// Replaces the rules. Events of a rule that is gone are dropped.
    func use(_ rules: [HookRule]) {
        state.withLock { state in
            state.rules = rules
            for (name, queue) in state.queues where !rules.contains(where: { $0.name == name }) && !queue.isBusy {
                let count = queue.deliveries.count
                if count > 0 {
                    log.warning("rule \(name) is gone: \(NumberText.counted(count, "event")) will not be delivered")
                }
                state.queues[name] = nil
            }
        }
        wakeup.raise()
    }

    func submit(_ deliveries: [HookDelivery]) {
        guard !deliveries.isEmpty else { return }
        state.withLock { state in
            let limit = HookQueue.limit(rules: state.rules.count)
            for delivery in deliveries where state.rules.contains(where: { $0.name == delivery.rule }) {
                report(state.queues[delivery.rule, default: HookQueue()].add(delivery, limit: limit), delivery.rule)
            }
        }
        wakeup.raise()
    }

    /// What has not been delivered yet, to be kept over a restart.
    var waiting: [HookDelivery] { state.withLock { $0.queues.values.flatMap(\.deliveries) } }

    /// Begins nothing more, lets what runs go on for a short while, and kills what is left then.
    func stop(patience: Double = 1) {
        state.withLock { $0.end = clock.now + patience }
        wakeup.raise()
        // A process that cannot even be killed is left behind.
        _ = isOver.wait(timeout: .now() + patience + 2)
    }

    func report(_ news: HookQueue.News?, _ rule: String) {
        guard let news else { return }
        switch news {
        case .fails(let reason, let isRetried):
            log.warning("rule \(rule): \(reason)\(isRetried ? "; trying again" : "")")
        case .givesUp: log.error("rule \(rule): an event is too old by now, and is given up; later ones are counted")
        case .isFull:
            log.error("rule \(rule): too many events wait; the oldest are dropped and counted")
        case .works(let lost):
            log.notice("rule \(rule) works again\(lost > 0 ? ", \(NumberText.counted(lost, "event")) lost" : "")")
        }
    }
}

/// A descriptor that can be made readable (eventfd(2)).
final class EventDescriptor: Sendable {
    let descriptor: Int32

    init() throws(OutletError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard descriptor >= 0 else {
            throw OutletError(.system, "no file descriptor is left: \(systemMessage(errno)) (eventfd)")
        }
    }

    deinit { close(descriptor) }

    func raise() { eventfd_write(descriptor, 1) }

    func lower() {
        var count: eventfd_t = 0
        eventfd_read(descriptor, &count)
    }
}
