// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Glibc
import Logging
import StrictYAML

/// The running hooks: the daemon's changes go into the rules, and what fires goes to the runner.
final class HookOutlet {
    /// Seconds between two writes of the memory: after a crash, what was delivered since may come again.
    private static let saveInterval = 1.0

    private let path: String
    private let rulesPath: String
    private let run: OutletRun
    private let memoryPath: String
    private let clock = HookClock()
    private let feed: DaemonFeed
    private let runner: HookRunner
    private var engine: RuleEngine
    private var snapshot: DaemonSnapshot?
    private var instance: String
    private var isConnected = false
    /// Whether something is to be written to the memory's file.
    private var isChanged = false
    private var nextSave = 0.0
    private var cannotWrite = false
    private var wasUnreachable = false

    init(path: String, rules: [HookRule], rulesPath: String, state: StateFolder, run: OutletRun) throws(OutletError) {
        self.path = path
        self.rulesPath = rulesPath
        self.run = run
        memoryPath = state.file("hook.json")
        var memory = HookMemory()
        do {
            memory = try HookMemory.read(memoryPath)
        } catch {
            run.log.warning("cannot read \(memoryPath), so the hooks begin anew: \(error)")
        }
        // The times of this clock are the system's at the start.
        engine = RuleEngine(rules, memory: memory.engine)
        runner = try HookRunner(rules, waiting: memory.waiting, clock: clock, log: run.log)
        feed = DaemonFeed(path: path, after: memory.position, events: [.change, .state])
        instance = memory.position?.instance ?? ""
    }

    /// Runs until SIGTERM or SIGINT.
    func runUntilStopped() throws(OutletError) {
        try runner.start()
        run.log.notice("\(NumberText.counted(engine.rules.count, "rule")) from \(rulesPath)")
        if engine.rules.isEmpty { run.log.warning("there are no rules, so nothing will happen") }
        run.notification.ready(status)
        while true {
            while let event = feed.next() { take(event) }
            fire(engine.advance(to: clock.now, isConnected: isConnected))
            save()
            wait()
            runner.finished.lower()
            isChanged = isChanged || hasFinished
            while let signal = run.signals.next() {
                guard signal == SIGHUP else { return stop() }
                reload()
            }
        }
    }

    private var hasFinished = false

    /// Waits for the daemon, a signal, the end of a delivery, or the time of a rule.
    private func wait() {
        var entries = [run.signals.descriptor, runner.finished.descriptor].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        if let descriptor = feed.descriptor {
            entries.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        }
        // At least once a second while there is no connection, and often enough for the feed's refreshes.
        var seconds = feed.descriptor == nil ? 1 : DaemonFeed.refreshInterval
        if isChanged { seconds = min(seconds, nextSave - monotonicSeconds()) }
        if let deadline = engine.deadline(isConnected: isConnected) { seconds = min(seconds, deadline - clock.now) }
        poll(&entries, nfds_t(entries.count), Int32((max(0, seconds) * 1000).rounded(.up)))
        hasFinished = entries[1].revents != 0
    }

    private func stop() {
        run.notification.stopping()
        runner.stop()
        isChanged = true
        nextSave = 0
        save()
    }

    // MARK: Events

    private func take(_ event: FeedEvent) {
        switch event {
        case .connected(let snapshot):
            if wasUnreachable { run.log.notice("connected to genred at \(path)") }
            wasUnreachable = false
            isConnected = true
            instance = snapshot.description.instance
            begin(snapshot)
            compare(snapshot)
        case .reloaded(let snapshot): compare(snapshot)
        case .refreshed(let snapshot): prune(snapshot)
        case .change(let change, let replayed): take(change, replayed: replayed)
        case .disconnected(let error, _):
            if !wasUnreachable { run.log.warning("\(error.message); trying again until genred answers") }
            wasUnreachable = true
            isConnected = false
        case .estimate, .device, .lost: break
        }
    }

    private func take(_ change: Change, replayed: Bool) {
        let heard = HeardChange(change: change, instance: instance, time: clock.time(change.time), replayed: replayed)
        isChanged = true
        fire(engine.apply(heard, now: clock.now))
    }

    /// The labels that lasted when this outlet was started for the first time: the last change of each source.
    private func begin(_ snapshot: DaemonSnapshot) {
        let unknown = snapshot.estimates.map(\.source).filter { !engine.knows($0) }
        guard !unknown.isEmpty, let client = try? ControlClient(path: path) else { return }
        for source in unknown {
            do throws(ControlError) {
                let change = try client.history(source: source, limit: 1).changes.last
                // Later ones come from the feed, in their order.
                if let change, change.seq <= feed.position?.seq ?? 0 { take(change, replayed: true) }
            } catch {
                // A daemon that hangs is left to the feed.
                guard case .answered = error.code else { return }
            }
        }
    }

    private func fire(_ firings: [RuleEngine.Firing]) {
        guard !firings.isEmpty else { return }
        isChanged = true
        let deliveries = firings.compactMap { rule, firing in
            let change = firing.heard.change
            let what = firing.kind == .on ? "\(change.to)" : "over, now \(change.to)"
            run.log.info(
                "rule \(rule.name): \(change.source) \(what), held \(DurationText.text(firing.held))")
            return HookDelivery(firing, of: rule.name, at: .now, clock: clock.now)
        }
        runner.submit(deliveries)
    }

    private func prune(_ snapshot: DaemonSnapshot) {
        self.snapshot = snapshot
        engine.prune(keeping: Set(snapshot.estimates.map(\.source)), at: clock.now)
    }

    /// Reports what the rules name and this daemon does not know.
    private func compare(_ snapshot: DaemonSnapshot) {
        prune(snapshot)
        for note in HookNotes.unknown(in: engine.rules, to: snapshot) { run.log.warning("\(note)") }
    }

    // MARK: Reload and memory

    private func reload() {
        run.notification.reloading()
        defer { run.notification.reloaded() }
        do {
            let rules = try HookRulesFile.read(rulesPath, credentials: HookFiles.credentials)
            engine.use(rules)
            runner.use(rules)
            isChanged = true
            run.log.notice("reload: \(NumberText.counted(rules.count, "rule")) from \(rulesPath)")
            run.notification.status(status)
            if let snapshot { compare(snapshot) }
        } catch {
            for line in error.lines { run.log.error("reload refused, keeping the previous rules: \(line)") }
        }
    }

    private var status: String { NumberText.counted(engine.rules.count, "rule") }

    private func save() {
        guard isChanged, monotonicSeconds() >= nextSave else { return }
        isChanged = false
        nextSave = monotonicSeconds() + Self.saveInterval
        var memory = HookMemory(position: feed.position, engine: engine.memory, waiting: runner.waiting)
        memory.shift(by: clock.wallOffset)
        do {
            try memory.write(to: memoryPath)
            if cannotWrite { run.log.notice("\(memoryPath) can be written again") }
            cannotWrite = false
        } catch {
            if !cannotWrite { run.log.error("after a restart, hooks may repeat or miss events: \(error)") }
            cannotWrite = true
            isChanged = true
        }
    }
}
