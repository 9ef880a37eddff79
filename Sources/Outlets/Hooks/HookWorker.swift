// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CCurl
import Glibc

/// The thread of a `HookRunner`.
final class HookWorker {
    /// The most commands at once, of all rules together.
    static let mostCommands = 16

    private let runner: HookRunner
    private let multi: UnsafeMutableRawPointer?
    private var transfers: [(rule: HookRule, transfer: WebhookTransfer)] = []
    private var processes: [(rule: HookRule, process: HookProcess)] = []

    init(_ runner: HookRunner) {
        self.runner = runner
        multi = curl_multi_init()
    }

    deinit {
        for (_, transfer) in transfers { curl_multi_remove_handle(multi, transfer.handle) }
        transfers = []
        curl_multi_cleanup(multi)
    }

    func run() {
        while true {
            let (end, next) = startWhatIsDue()
            let now = runner.clock.now
            if let end, transfers.isEmpty && processes.isEmpty || now >= end + 1 { return }
            for (_, process) in processes where now >= min(process.deadline, end ?? .infinity) { process.kill() }
            // Killed processes are waited for a little longer.
            let limit = end.map { now < $0 ? $0 : $0 + 1 }
            if let end, now >= end {
                // What was not delivered is kept, and delivered by the next life.
                for (_, transfer) in transfers { curl_multi_remove_handle(multi, transfer.handle) }
                transfers = []
            }
            wait(until: min(limit ?? next ?? .infinity, processes.map(\.process.deadline).min() ?? .infinity), now)
            runner.wakeup.lower()
            advanceTransfers()
            advanceProcesses()
        }
    }

    /// Returns when everything has to be over, and when the next event is due.
    private func startWhatIsDue() -> (end: Double?, next: Double?) {
        let now = runner.clock.now
        var due: [(HookRule, HookDelivery)] = []
        let result: (Double?, Double?) = runner.state.withLock { state in
            if let end = state.end { return (end, nil) }
            var commands = processes.count
            for rule in state.rules {
                guard state.queues[rule.name]?.next.map({ $0 <= now }) == true else { continue }
                if case .command = rule.action {
                    guard commands < Self.mostCommands else { continue }
                    commands += 1
                }
                let started = state.queues[rule.name]?.start(at: now, maxAge: rule.maxAge)
                runner.report(started?.news, rule.name)
                if let delivery = started?.delivery { due.append((rule, delivery)) }
            }
            return (nil, state.queues.values.compactMap(\.next).filter { $0 > now }.min())
        }
        for (rule, delivery) in due { start(rule, delivery) }
        return result
    }

    private func start(_ rule: HookRule, _ delivery: HookDelivery) {
        switch rule.action {
        case .webhook(let webhook):
            guard let transfer = WebhookTransfer(webhook, delivery),
                curl_multi_add_handle(multi, transfer.handle) == CURLM_OK
            else { return finish(rule, .retry("no memory is left for a request", after: 0)) }
            transfers.append((rule, transfer))
        case .command(let program):
            do throws(HookStartError) {
                processes.append((rule, try HookProcess(program, delivery, at: runner.clock.now)))
            } catch {
                let text = "\(printable(program.arguments[0])) cannot be started: \(error.message)"
                finish(rule, error.isTemporary ? .retry(text, after: 1) : .failed(text))
            }
        }
    }

    private func finish(_ rule: HookRule, _ outcome: HookOutcome) {
        runner.state.withLock { state in
            let now = runner.clock.now
            runner.report(state.queues[rule.name]?.finish(outcome, at: now), rule.name)
            // A rule that a reload has removed meanwhile.
            if !state.rules.contains(where: { $0.name == rule.name }) { state.queues[rule.name] = nil }
        }
        runner.finished.raise()
    }

    /// Waits for the first of all: a descriptor, a time, or libcurl's own timers.
    private func wait(until time: Double, _ now: Double) {
        func readable(_ descriptor: Int32) -> curl_waitfd {
            curl_waitfd(fd: descriptor, events: Int16(CURL_WAIT_POLLIN), revents: 0)
        }
        var descriptors = [readable(runner.wakeup.descriptor)]
        for (_, process) in processes {
            descriptors.append(readable(process.end))
            if process.output >= 0 { descriptors.append(readable(process.output)) }
        }
        // Rounded up: what is due is not too early when this returns.
        let milliseconds = Int32(min(max(0, (time - now) * 1000), 60_000).rounded(.up))
        var count: Int32 = 0
        guard curl_multi_poll(multi, &descriptors, UInt32(descriptors.count), milliseconds, &count) == CURLM_OK else {
            // Out of memory: not a reason to spin.
            pause(.milliseconds(100))
            return
        }
    }

    private func advanceTransfers() {
        var running: Int32 = 0
        curl_multi_perform(multi, &running)
        var result = CURLE_OK
        while let handle = curl_next_finished(multi, &result) {
            guard let index = transfers.firstIndex(where: { $0.transfer.handle == handle }) else { continue }
            let (rule, transfer) = transfers.remove(at: index)
            curl_multi_remove_handle(multi, handle)
            guard case .webhook(let webhook) = rule.action else { continue }
            finish(rule, transfer.outcome(result, webhook))
        }
    }

    private func advanceProcesses() {
        for (_, process) in processes { process.readOutput() }
        processes.removeAll { rule, process in
            guard let outcome = process.reap() else { return false }
            for line in process.printed.lines { runner.log.info("rule \(rule.name): \(line)") }
            finish(rule, outcome)
            return true
        }
    }
}
