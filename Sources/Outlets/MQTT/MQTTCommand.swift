// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import ControlProtocol
import Logging

/// `genred-outlet mqtt`.
struct MQTTCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mqtt",
        abstract: "Publishes to an MQTT broker, and announces every source to Home Assistant.",
        discussion: """
            Topics begin with genred/NODE/SOURCE: state and availability are retained, and each change of label is an \
            event. Changes that the broker missed are sent when it is back.

            Examples:
              genred-outlet mqtt --broker mqtt://broker.lan
              genred-outlet mqtt --broker mqtts://genred@broker.lan --password-file /etc/genred/mqtt-password
              mosquitto_sub -h broker.lan -v -t 'genred/#'

            The password can also be in $CREDENTIALS_DIRECTORY/mqtt-password (LoadCredential= in a unit). Each option \
            has a variable as its default: GENRED_MQTT_BROKER, GENRED_MQTT_NODE, GENRED_MQTT_DISCOVERY, \
            GENRED_MQTT_PASSWORD_FILE, GENRED_MQTT_CA, GENRED_MQTT_ESTIMATES=1, GENRED_SOCKET.

            Exit codes:
            \(OutletExit.help)
            """)

    @OptionGroup var options: CommonOptions

    @Option(
        help: ArgumentHelp(
            "The broker: mqtt://[USER@]HOST[:1883], mqtts://[USER@]HOST[:8883] for TLS, or unix:/PATH.",
            valueName: "url"))
    var broker: String?

    @Option(
        help: ArgumentHelp(
            "The name of this genred in topics. (default: the host's name)",
            discussion: "Capitals become small letters; what is not a letter, digit, dash or underscore becomes _."))
    var node: String?

    @Option(
        help: ArgumentHelp(
            "The prefix of Home Assistant's discovery, or off. (default: homeassistant)", valueName: "prefix"))
    var discovery: String?

    @Flag(help: "Publish estimates too, once a second for each source.")
    var estimates = false

    @Option(help: ArgumentHelp("A file that holds the password.", valueName: "file"))
    var passwordFile: String?

    @Option(
        help: ArgumentHelp(
            "A file of certificates (PEM) to trust for TLS, instead of those of the system.", valueName: "file"))
    var ca: String?

    func run() throws {
        try OutletRun.start(level: .info) { run in
            let settings = try settings(log: run.log)
            let state = try StateFolder()
            try state.lock(
                "mqtt-\(settings.node)",
                taken: "another genred-outlet mqtt runs as \(settings.node): give one of them another --node")
            let lock = try NodeLock(node: settings.node, broker: settings.broker.text)
            try refuseCollisions()
            try MQTTOutlet(settings: settings, socket: options.path, state: state, run: run).runUntilStopped()
            // Held to the end.
            _ = consume lock
        }
    }

    /// Two sources that would have the same topics are a mistake in the daemon's configuration. Without a daemon nothing
    /// is known yet.
    private func refuseCollisions() throws(OutletError) {
        guard let client = try? ControlClient(path: options.path), let estimates = try? client.current() else { return }
        guard let collision = SourceLevels(estimates.map(\.source)).collisions.first else { return }
        throw OutletError(
            .configuration,
            """
            sources \(quoted(collision.first)) and \(quoted(collision.name)) would both be \(collision.level) in topics: \
            rename one in genred's configuration
            """)
    }

    private func settings(log: Logger) throws(OutletError) -> MQTTSettings {
        guard let url = broker ?? variable("BROKER") else {
            throw OutletError(
                .configuration,
                """
                no broker: name one with --broker URL, or with GENRED_MQTT_BROKER, for the system's unit in \
                /etc/genred/outlet-mqtt.conf; \(BrokerAddress.rule)
                """)
        }
        var address = try BrokerAddress(url)
        if address.password != nil {
            log.warning(
                "the password in the broker's URL can be seen by every user of this machine: use --password-file")
        }
        try address.usePassword(file: passwordFile ?? variable("PASSWORD_FILE"))
        var settings = MQTTSettings(broker: address, node: TopicLevel.host)
        if let name = node ?? variable("NODE") {
            guard !name.isEmpty else { throw OutletError(.configuration, "--node is empty: give this genred a name") }
            settings.node = TopicLevel.make(name)
        }
        let prefix = discovery ?? variable("DISCOVERY") ?? "homeassistant"
        if prefix != "off" {
            let isFit = prefix.unicodeScalars.allSatisfy { !"+#".unicodeScalars.contains($0) && $0.value >= 0x20 }
            guard isFit, !prefix.isEmpty, prefix.utf8.count <= 200, !prefix.hasPrefix("$"), !prefix.hasSuffix("/")
            else {
                throw OutletError(
                    .configuration, "--discovery: \(quoted(prefix)) cannot begin a topic; homeassistant is usual")
            }
            settings.discovery = prefix
        }
        settings.publishesEstimates = estimates || variable("ESTIMATES").map { $0 != "0" } == true
        if let file = ca ?? variable("CA") {
            guard address.transport == .tls else {
                throw OutletError(.configuration, "--ca is for TLS: the broker's URL must begin with mqtts://")
            }
            do {
                let bytes = try readWholeFile(file, limit: 16 * 1024 * 1024)
                guard String(decoding: bytes, as: UTF8.self).contains("-----BEGIN") else {
                    throw OutletError(.configuration, "--ca: \(quoted(file)) holds no certificate in PEM")
                }
            } catch let error as FileError {
                throw OutletError(.configuration, "--ca: \(quoted(file)): \(error)")
            } catch let error as OutletError {
                throw error
            } catch {
                throw OutletError(.configuration, "--ca: \(quoted(file)): \(error)")
            }
            settings.authority = file
        }
        return settings
    }

    /// A variable that is a default for an option; nil if it is not set or empty.
    private func variable(_ name: String) -> String? {
        SocketPath.variable("GENRED_MQTT_\(name)").flatMap { $0.isEmpty ? nil : $0 }
    }
}
