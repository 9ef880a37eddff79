// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import Logging
import TestSupport
import Testing

@testable import genred_outlet

/// Requests to a real server and real commands, without a daemon.
@Suite(.timeLimit(.minutes(3))) struct HookRunnerTests {
    private let recorder = LogRecorder()
    private let clock = HookClock()

    private func runner(_ rules: [HookRule], waiting: [HookDelivery] = []) throws -> HookRunner {
        let recorder = recorder
        let runner = try HookRunner(
            rules, waiting: waiting, clock: clock, log: Logger(label: "test") { _ in recorder })
        try runner.start()
        return runner
    }

    private func rule(_ name: String, _ action: HookAction, maxAge: Double = 600) -> HookRule {
        HookRule(name: name, condition: HookCondition(), maxAge: maxAge, action: action)
    }

    private func webhook(_ url: String, authorities: String? = nil) -> HookAction {
        .webhook(
            Webhook(url: url, shownURL: "the server", secret: Array(HookServer.secret.utf8), authorities: authorities))
    }

    private func command(_ arguments: String..., timeout: Double = 10) -> HookAction {
        .command(HookProgram(arguments: arguments, timeout: timeout))
    }

    private func delivery(_ rule: String, _ seq: Int = 1) throws -> HookDelivery {
        let change = Change(
            source: "radio", time: "2026-11-29T00:00:00.000Z", position: 1, from: "jazz", to: "silence", confidence: 0,
            lasted: 3, seq: seq, title: "É – \"x\"")
        let heard = HeardChange(change: change, instance: "i", time: clock.now, replayed: false)
        return try #require(
            HookDelivery(HookFiring(kind: .on, heard: heard, held: 1), of: rule, at: .now, clock: clock.now))
    }

    private func isDone(_ runner: HookRunner) async -> Bool { await eventually { runner.waiting.isEmpty } }

    // MARK: Webhooks

    @Test func `busy servers get the same request again, with the same key and signature`() async throws {
        let server = try await HookServer()
        let runner = try runner([
            rule("busy", webhook(server.url("/busy"))), rule("later", webhook(server.url("/later"))),
        ])
        defer { runner.stop(patience: 0) }
        runner.submit([try delivery("busy"), try delivery("later"), try delivery("busy", 2)])
        #expect(await isDone(runner), "\(recorder.lines)")
        let busy = server.requests.filter { $0.path == "/busy" }
        #expect(
            busy.map { $0.headers["idempotency-key"] } == [
                "i:1:busy", "i:1:busy", "i:1:busy", "i:2:busy", "i:2:busy", "i:2:busy",
            ])
        #expect(Set(busy.prefix(3).map(\.body)).count == 1)
        #expect(server.requests.allSatisfy { $0.isSigned })
        let later = server.requests.filter { $0.path == "/later" }
        try #require(later.count == 2)
        #expect(later[1].time - later[0].time >= 1.9, "Retry-After is respected")
        #expect(
            recorder.lines.filter { $0.contains("rule later") } == [
                "warning rule later: the server answers 429; trying again", "notice rule later works again",
            ])
    }

    @Test func `other answers are final, and a redirection is not followed`() async throws {
        let server = try await HookServer()
        let runner = try runner(["404", "302", "flood"].map { rule($0, webhook(server.url("/\($0)"))) })
        defer { runner.stop(patience: 0) }
        runner.submit(try ["404", "302", "flood"].map { try delivery($0) })
        #expect(await isDone(runner))
        #expect(server.requests.map(\.path).sorted() == ["/302", "/404", "/flood"])
        #expect(
            recorder.lines.sorted() == [
                "warning rule 302: the server answers with a redirection (302), which is not followed",
                "warning rule 404: the server answers 404",
            ])
    }

    @Test func `a server that hangs or hangs up holds up its own rule alone, and is given up after 5 s`() async throws {
        let server = try await HookServer()
        let runner = try runner([
            rule("hang", webhook(server.url("/hang")), maxAge: 6),
            rule("close", webhook(server.url("/close")), maxAge: 2),
            rule("good", webhook(server.url("/200"))),
        ])
        defer { runner.stop(patience: 0) }
        runner.submit([try delivery("hang"), try delivery("close")])
        #expect(await eventually { server.requests.count >= 2 })
        runner.submit([try delivery("good")])
        #expect(await eventually { server.requests.contains { $0.path == "/200" } })
        #expect(!recorder.lines.contains { $0.contains("is given up") }, "before the others are over")
        #expect(await isDone(runner))
        #expect(recorder.lines.contains("warning rule hang: the server does not answer within 5 s; trying again"))
        #expect(recorder.lines.count { $0.contains("is given up") } == 2, "\(recorder.lines)")
    }

    @Test func `a certificate that nobody vouches for is refused, unless the rule does`() async throws {
        let folder = try TemporaryFolder()
        let (chain, key) = (folder.file("chain.pem"), folder.file("key.pem"))
        try Programs.run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj",
                "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", chain,
            ])
        let server = try await HookServer(certificate: (chain, key))
        let runner = try runner([
            rule("strange", webhook(server.url("/200/a", scheme: "https")), maxAge: 1),
            rule("known", webhook(server.url("/200/b", scheme: "https"), authorities: chain)),
        ])
        defer { runner.stop(patience: 0) }
        runner.submit([try delivery("strange"), try delivery("known")])
        #expect(await isDone(runner))
        #expect(server.requests.map(\.path) == ["/200/b"])
        #expect(
            recorder.lines.contains { $0.contains("rule strange") && $0.contains("certificate") }, "\(recorder.lines)")
    }

    @Test func `what was not delivered waits for the next life, and too many events push out the oldest`() async throws
    {
        let server = try await HookServer()
        // So many rules that each may keep a hundred events.
        let dead = (0..<200).map { rule($0 == 0 ? "a" : "idle \($0)", webhook("http://127.0.0.1:1/")) }
        let first = try runner(dead)
        first.submit(try (1...150).map { try delivery("a", $0) })
        #expect(await eventually { !recorder.lines.isEmpty })
        first.stop(patience: 0)
        let waiting = first.waiting
        #expect(waiting.count == 100)
        let second = try runner([rule("a", webhook(server.url("/200")))], waiting: waiting)
        defer { second.stop(patience: 0) }
        #expect(await isDone(second))
        #expect(server.requests.map { $0.headers["idempotency-key"] } == waiting.map(\.key))
        #expect(waiting.last?.key == "i:150:a")
    }

    // MARK: Commands

    @Test func `a command gets the event and little else`() async throws {
        let folder = try TemporaryFolder()
        let script = "cat >'\(folder.path)/event'; env >'\(folder.path)/env'; pwd; ls /proc/self/fd | tr '\\n' ' '"
        setenv("GENRED_TEST_SECRET", "x", 1)
        let runner = try runner([rule("a", command("/bin/sh", "-c", script))])
        defer { runner.stop(patience: 0) }
        let delivery = try delivery("a")
        runner.submit([delivery])
        #expect(await isDone(runner))
        #expect(try String(contentsOfFile: folder.file("event"), encoding: .utf8) == delivery.body + "\n")
        let environment = try String(contentsOfFile: folder.file("env"), encoding: .utf8)
        #expect(environment.contains("GENRED_RULE=a\n") && environment.contains("GENRED_LABEL=silence\n"))
        #expect(!environment.contains("SECRET"))
        #expect(recorder.lines == ["info rule a: /", "info rule a: 0 1 2 3 "], "standard descriptors, and that of ls")
    }

    @Test func `commands that fail in every way are reported, and leave no process behind`() async throws {
        let folder = try TemporaryFolder()
        let pids = folder.file("pids")
        let runner = try runner([
            rule("status", command("/bin/sh", "-c", "exit 3")), rule("signal", command("/bin/sh", "-c", "kill -9 $$")),
            rule("gone", command("/nowhere/program")),
            rule(
                "hang",
                command("/bin/sh", "-c", "echo $$ >>'\(pids)'; sleep 60 & echo $! >>'\(pids)'; wait", timeout: 0.5)),
            rule("fork", command("/bin/sh", "-c", "sleep 60 & echo $! >>'\(pids)'")),
            rule("deaf", command("/bin/true")),
            rule("loud", command("/bin/sh", "-c", "yes x | head -c 5000000")),
        ])
        defer { runner.stop(patience: 0) }
        runner.submit(try ["status", "signal", "gone", "hang", "fork", "deaf", "loud"].map { try delivery($0) })
        #expect(await isDone(runner), "\(recorder.lines)")
        let lines = recorder.lines
        for line in [
            "warning rule status: /bin/sh exited with status 3", "warning rule signal: /bin/sh was ended by signal 9",
            "warning rule gone: /nowhere/program cannot be started: No such file or directory (posix_spawn, error 2)",
            "warning rule hang: /bin/sh did not end within 0.5 s, and was killed",
        ] { #expect(lines.contains(line), "\(line) in \(lines)") }
        #expect(lines.count { $0.contains("rule loud") } == 11)
        #expect(
            lines.contains("info rule loud: … and 2499990 more bytes") || lines.contains { $0.contains("more bytes") })
        let children = try String(contentsOfFile: pids, encoding: .utf8).split(separator: "\n").compactMap { pid_t($0) }
        #expect(children.count == 3)
        // An orphan is reaped by init, soon after it is killed.
        #expect(await eventually { children.allSatisfy { kill($0, 0) != 0 || isZombie($0) } })
        var status: Int32 = 0
        #expect(children.first.map { waitpid($0, &status, WNOHANG) } == -1, "no zombie of ours")
    }

    private func isZombie(_ pid: pid_t) -> Bool {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        return text.isEmpty || text.contains(") Z ")
    }

    @Test func `a rule runs one command at a time and in order, and all rules together no more than 16`() async throws {
        let folder = try TemporaryFolder()
        let script = "echo + >>'\(folder.path)/log'; sleep 0.2; echo - >>'\(folder.path)/log'"
        let rules = (0..<30).map { rule("r\($0)", command("/bin/sh", "-c", script)) }
        let order = rule(
            "order", command("/bin/sh", "-c", "sed 's/.*seq.:\\([0-9]*\\).*/\\1/' >>'\(folder.path)/order'"))
        let runner = try runner(rules + [order])
        defer { runner.stop(patience: 0) }
        runner.submit(try (1...20).map { try delivery("order", $0) } + rules.map { try delivery($0.name) })
        #expect(await isDone(runner))
        let order1 = try String(contentsOfFile: folder.file("order"), encoding: .utf8)
        #expect(order1.split(separator: "\n").compactMap { Int($0) } == Array(1...20))
        var (running, most) = (0, 0)
        for line in try String(contentsOfFile: folder.file("log"), encoding: .utf8).split(separator: "\n") {
            running += line == "+" ? 1 : -1
            most = max(most, running)
        }
        #expect(running == 0 && most <= 16 && most > 1)
    }

    @Test func `stopping kills what runs and keeps it for the next life`() async throws {
        let folder = try TemporaryFolder()
        let runner = try runner([
            rule("a", command("/bin/sh", "-c", "echo $$ >'\(folder.path)/pid'; sleep 60", timeout: 60))
        ])
        runner.submit([try delivery("a")])
        var pid: pid_t?
        #expect(
            await eventually {
                pid = pid_t((try? String(contentsOfFile: folder.file("pid"), encoding: .utf8))?.dropLast() ?? "")
                return pid != nil
            })
        let start = ContinuousClock.now
        runner.stop(patience: 0.1)
        #expect(start.duration(to: .now) < .seconds(3))
        #expect(kill(try #require(pid), 0) != 0)
    }
}
