// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

/// `genred-outlet mqtt` between the real daemon and a real broker.
@Suite(.timeLimit(.minutes(5)), .enabled(if: Broker.isInstalled, "mosquitto is the broker")) struct MQTTOutletTests {
    private func started(_ settings: String = "allow_anonymous true", access: String = "") async throws -> Broker {
        let broker = try await Broker(settings: settings, access: access)
        try await broker.start()
        return broker
    }

    /// Expects every change of the daemon's history as an event, in order.
    private func expectEvents(_ daemon: FedDaemon, _ broker: Broker, _ topic: String, within seconds: Double = 60)
        async throws
    {
        let history = try await daemon.history().map(\.seq)
        var seqs: [Int] = []
        let isThere = await eventually(within: seconds) {
            seqs = broker.objects(topic).compactMap { $0["seq"] as? Int }
            return seqs.last ?? 0 >= history.last ?? 0
        }
        #expect(isThere, "\(seqs.count) events of \(history.count)")
        var seen = Set<Int>()
        let once = seqs.filter { seen.insert($0).inserted }
        #expect(once == once.sorted(), "out of order")
        // An outlet that has never run before begins with what changes from then on.
        let missing = Set(history).subtracting(once).filter { $0 > once.first ?? 0 }
        #expect(missing.isEmpty, "of \(history) came \(once)")
        #expect(history.count - once.count <= 5, "of \(history) came \(once)")
    }

    @Test func `topics and payloads are those of the contract`() async throws {
        let broker = try await started()
        let daemon = try await FedDaemon(["Radio"])
        let outlet = try MQTTProcess(daemon, "--broker \(broker.url) --node 'My Node' --estimates")
        #expect(await eventually { broker.messages("genred/my_node/status").last == "online" }, "\(outlet.log)")
        try await daemon.makeChanges(30, on: "Radio")
        #expect(await eventually { broker.objects("genred/my_node/radio/event").count >= 30 }, "\(outlet.log)")
        try await daemon.waitFor("silence", on: "Radio")
        #expect(
            await eventually { broker.objects("genred/my_node/radio/state").last?["label"] as? String == "silence" })
        #expect(await eventually { !broker.messages("genred/my_node/radio/estimate").isEmpty })
        let instance = try await daemon.client().describe().instance
        let event = try #require(broker.objects("genred/my_node/radio/event").last)
        #expect(
            Set(event.keys) == [
                "event_type", "from", "lasted", "confidence", "position", "title", "time", "seq", "instance",
                "replayed",
            ])
        #expect(event["instance"] as? String == instance && event["replayed"] as? Bool == false)
        let retained = try broker.retained()
        #expect(
            Set(retained.keys) == [
                "genred/my_node/status", "genred/my_node/radio/availability", "genred/my_node/radio/state",
                "homeassistant/device/genred_my_node/config", "homeassistant/device/genred_my_node_radio/config",
            ])
        #expect(retained["genred/my_node/radio/availability"] == "online")
        let state = try #require(
            JSONSerialization.jsonObject(with: Data((retained["genred/my_node/radio/state"] ?? "").utf8))
                as? [String: Any])
        #expect(
            Set(state.keys) == [
                "v", "label", "state", "genre", "confidence", "level", "title", "since", "time", "seq", "instance",
            ])
        daemon.play(.nothing, on: "Radio")
        #expect(await eventually { broker.messages("genred/my_node/radio/availability").last == "offline" })
        #expect(
            await eventually {
                let last = broker.objects("genred/my_node/radio/state").last
                return last?["state"] as? String == "no-signal" && last?["label"] is NSNull
            })
        #expect(await outlet.stop() == 0)
        #expect(try broker.retained()["genred/my_node/status"] == "offline")
    }

    @Test func `a source that goes leaves nothing retained, also while the outlet is away`() async throws {
        let broker = try await started()
        let daemon = try await FedDaemon(["radio", "kitchen", "attic"])
        let outlet = try MQTTProcess(daemon, "--broker \(broker.url) --node n")
        #expect(await eventually { broker.messages("genred/n/status").last == "online" }, "\(outlet.log)")
        try await daemon.reload(["radio", "attic"])
        #expect(
            try await eventually { try !broker.retained().keys.contains { $0.contains("kitchen") } }, "\(outlet.log)")
        outlet.process.end()
        try await daemon.reload(["radio"])
        let again = try MQTTProcess(daemon, "--broker \(broker.url) --node n", state: outlet.folder)
        #expect(try await eventually { try !broker.retained().keys.contains { $0.contains("attic") } }, "\(again.log)")
        #expect(try broker.retained().keys.contains("genred/n/radio/state"))
    }

    @Test func `an outage of the broker loses no event`() async throws {
        let count = Int(ProcessInfo.processInfo.environment["GENRED_OUTAGE"] ?? "") ?? 1000
        let broker = try await started()
        let daemon = try await FedDaemon()
        let outlet = try MQTTProcess(daemon, "--broker \(broker.url) --node n")
        #expect(await eventually { broker.messages("genred/n/status").last == "online" }, "\(outlet.log)")
        try await daemon.makeChanges(20)
        broker.stop()
        try await daemon.makeChanges(count)
        // The broker's subscriber must be there first, or it misses what the outlet publishes meanwhile.
        outlet.process.signal(SIGSTOP)
        try await broker.start()
        outlet.process.signal(SIGCONT)
        try await expectEvents(daemon, broker, "genred/n/radio/event", within: 200)
        #expect(broker.objects("genred/n/radio/event").contains { $0["replayed"] as? Bool == true })
        #expect(outlet.log.contains("is back"), "\(outlet.log)")
        #expect(outlet.log.count { $0 == "\n" } < 12, "\(outlet.log)")
    }

    @Test func `the daemon's restarts and kills lose no event, and are seen as offline`() async throws {
        let broker = try await started()
        let daemon = try await FedDaemon()
        let outlet = try MQTTProcess(daemon, "--broker \(broker.url) --node n")
        #expect(await eventually { broker.messages("genred/n/status").last == "online" }, "\(outlet.log)")
        for round in 0..<2 {
            try await daemon.makeChanges(50)
            if round == 0 { await daemon.stop() } else { daemon.kill() }
            #expect(await eventually { broker.messages("genred/n/status").last == "offline" }, "\(outlet.log)")
            try await daemon.start()
            #expect(await eventually { broker.messages("genred/n/status").last == "online" }, "\(outlet.log)")
        }
        try await expectEvents(daemon, broker, "genred/n/radio/event")
    }

    @Test func `an outlet that is killed continues, and its will says offline`() async throws {
        let broker = try await started()
        let daemon = try await FedDaemon()
        let outlet = try MQTTProcess(daemon, "--broker \(broker.url) --node n")
        #expect(await eventually { broker.messages("genred/n/status").last == "online" }, "\(outlet.log)")
        try await daemon.makeChanges(50)
        outlet.process.end()
        #expect(await eventually { broker.messages("genred/n/status").last == "offline" })
        try await daemon.makeChanges(50)
        let again = try MQTTProcess(daemon, "--broker \(broker.url) --node n", state: outlet.folder)
        try await expectEvents(daemon, broker, "genred/n/radio/event")
        #expect(await again.stop() == 0)
    }

    @Test func `two daemons under one node are refused, and so are two outlets in one folder`() async throws {
        let broker = try await started()
        let (one, other) = (try await FedDaemon(), try await FedDaemon())
        let outlet = try MQTTProcess(one, "--broker \(broker.url) --node n")
        #expect(await eventually { broker.messages("genred/n/status").last == "online" }, "\(outlet.log)")
        let second = try MQTTProcess(other, "--broker \(broker.url) --node n")
        #expect(await second.exit() == 78, "\(second.log)")
        #expect(second.log.contains("--node"), "\(second.log)")
        let third = try MQTTProcess(one, "--broker \(broker.url) --node n", state: outlet.folder)
        #expect(await third.exit() == 78)
        let instance = try await one.client().describe().instance
        #expect(broker.objects("genred/n/radio/state").allSatisfy { $0["instance"] as? String == instance })
        #expect(outlet.process.isRunning)
    }

    @Test func `sources that would have the same topics are refused with both names`() async throws {
        let daemon = try await FedDaemon(["radio.a", "Radio_a"])
        let outlet = try MQTTProcess(daemon, "--broker mqtt://127.0.0.1:1 --node n")
        #expect(await outlet.exit() == 78)
        #expect(outlet.log.contains("radio.a") && outlet.log.contains("Radio_a"), "\(outlet.log)")
    }

    @Test func `Home Assistant's birth brings the discovery again`() async throws {
        let broker = try await started()
        let daemon = try await FedDaemon()
        let outlet = try MQTTProcess(daemon, "--broker \(broker.url) --node n")
        let topic = "homeassistant/device/genred_n_radio/config"
        #expect(await eventually { broker.messages(topic).count == 1 }, "\(outlet.log)")
        try broker.publish("homeassistant/status", "online")
        #expect(await eventually(within: 15) { broker.messages(topic).count == 2 }, "\(outlet.log)")
    }

    @Test func `a password is read from a file, and a wrong one is said once without a spin`() async throws {
        let broker = try await Broker(
            settings: "allow_anonymous false\npassword_file FOLDER/passwords", access: "-u me -P right")
        try Programs.run(
            Programs.find("mosquitto_passwd") ?? "mosquitto_passwd",
            ["-b", "-c", broker.folder.file("passwords"), "me", "right"])
        try await broker.start()
        let daemon = try await FedDaemon()
        let url = "mqtt://me@127.0.0.1:\(broker.port)"
        let secret = try broker.folder.write("right\n", to: "secret")
        let outlet = try MQTTProcess(daemon, "--broker \(url) --node n --password-file \(secret)")
        #expect(await eventually { broker.messages("genred/n/status").last == "online" }, "\(outlet.log)")
        let wrong = try MQTTProcess(daemon, "--broker mqtt://me:wr0ngS@127.0.0.1:\(broker.port) --node m")
        try await Task.sleep(for: .seconds(5))
        #expect(wrong.process.isRunning && wrong.processorTime < 1.5)
        #expect(wrong.log.ranges(of: "refuses the user or the password").count == 1, "\(wrong.log)")
        #expect(wrong.log.contains("--password-file") && !wrong.log.contains("wr0ngS"), "\(wrong.log)")
    }

    @Test func `TLS is verified, by authority and by name`() async throws {
        let broker = try await Broker(
            settings: "allow_anonymous true\ncafile FOLDER/ca.pem\ncertfile FOLDER/cert.pem\nkeyfile FOLDER/key.pem",
            access: "-h localhost --cafile ca.pem")
        let make = """
            cd '\(broker.folder.path)' && exec 2>&1
            openssl req -x509 -newkey rsa:2048 -nodes -keyout cakey.pem -out ca.pem -days 2 -subj /CN=Test-CA &&
            openssl req -newkey rsa:2048 -nodes -keyout key.pem -out req.pem -subj /CN=localhost &&
            echo subjectAltName=DNS:localhost > ext && openssl x509 -req -in req.pem -CA ca.pem -CAkey cakey.pem \
            -CAcreateserial -days 2 -extfile ext -out cert.pem
            """
        try Programs.run("/bin/sh", ["-c", make])
        let daemon = try await FedDaemon()
        let ca = broker.folder.file("ca.pem")
        let process = try ChildProcess(
            shell: "exec mosquitto -c mosquitto.conf >>broker.log 2>&1", in: broker.folder.path)
        defer { process.end() }
        let trusted = try MQTTProcess(daemon, "--broker mqtts://localhost:\(broker.port) --ca \(ca) --node n")
        #expect(await eventually { trusted.log.contains("connected to the broker") }, "\(trusted.log)")
        let unknown = try MQTTProcess(daemon, "--broker mqtts://localhost:\(broker.port) --node m")
        #expect(await eventually { unknown.log.contains("no TLS") }, "\(unknown.log)")
        let otherName = try MQTTProcess(daemon, "--broker mqtts://127.0.0.1:\(broker.port) --ca \(ca) --node o")
        #expect(await eventually { otherName.log.contains("no TLS") }, "\(otherName.log)")
    }

    @Test func `a Unix socket is as good`() async throws {
        let broker = try await started("allow_anonymous true\nlistener 0 FOLDER/mqtt.sock")
        let daemon = try await FedDaemon()
        let outlet = try MQTTProcess(daemon, "--broker unix:\(broker.folder.file("mqtt.sock")) --node n")
        #expect(await eventually { broker.messages("genred/n/status").last == "online" }, "\(outlet.log)")
    }

    @Test func `a broker that hangs is given up, and nothing is lost when it goes on`() async throws {
        let broker = try await started()
        let daemon = try await FedDaemon()
        let outlet = try MQTTProcess(daemon, "--broker \(broker.url) --node n --estimates")
        #expect(await eventually { broker.messages("genred/n/status").last == "online" }, "\(outlet.log)")
        broker.signal(SIGSTOP)
        try await daemon.makeChanges(100)
        #expect(await eventually { outlet.log.contains("acknowledges nothing") }, "\(outlet.log)")
        #expect(outlet.processorTime < 5)
        broker.signal(SIGCONT)
        try await expectEvents(daemon, broker, "genred/n/radio/event", within: 120)
    }
}
