// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// Broken files at a reload: the reload is refused, and the daemon keeps its settings.
    @Suite(.timeLimit(.minutes(1))) struct ReloadFaultTests {
        let folder: TemporaryFolder
        var configuration: String { folder.file("genred.yaml") }
        var model: String { folder.file("model.safetensors") }

        init() throws {
            folder = try TemporaryFolder()
            try shippedModel().write(to: URL(fileURLWithPath: model))
            try write("sources: [{name: silence, uri: 'pipe:-?rate=22050&channels=1&format=s16le'}]\nmodel: \(model)\n")
        }

        func write(_ text: String) throws { try text.write(toFile: configuration, atomically: true, encoding: .utf8) }

        func shippedModel() throws -> Data {
            try Data(
                contentsOf: URL(filePath: Programs.built("genred_Model.resources/default.safetensors")))
        }

        func daemon() throws -> RunningDaemon {
            try RunningDaemon(
                sources: [], arguments: ["--config", configuration],
                input: try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/zero")))
        }

        /// Requests a reload that must be refused, and returns the message.
        func refusal(_ client: ControlClient) -> String {
            let error = #expect(throws: ControlError.self) { try client.reload() }
            return error?.message ?? ""
        }

        @Test func `a model file that is replaced by rubbish is refused`() async throws {
            let daemon = try daemon()
            let client = try await daemon.client()
            let before = try client.status().model
            let good = try shippedModel()
            var damaged = good
            damaged[9] ^= 0x20
            let noise = Data((0..<good.count).map { _ in UInt8.random(in: 0...255) })
            let rubbish = [Data(), good.prefix(good.count / 2), damaged, noise, Data("not a model\n".utf8)]
            for bytes in rubbish {
                // Overwritten in place, as cp does: the running model must not be a mapping of the file.
                try bytes.write(to: URL(fileURLWithPath: model))
                let message = refusal(client)
                #expect(message.contains(model) && !message.contains("\n"), "\(message)")
                #expect(try client.status().model == before)
                #expect(try await daemon.isHeard("silence", client))
            }
            // After a signal, only the log shows the result.
            daemon.signal(SIGHUP)
            let isLogged = await eventually(within: 5) {
                daemon.log.components(separatedBy: "reload refused, keeping the previous configuration").count
                    == rubbish.count
                    + 2
            }
            #expect(isLogged, "\(daemon.log)")
            try FileManager.default.removeItem(atPath: model)
            #expect(refusal(client).contains(model))
            try good.write(to: URL(fileURLWithPath: model))
            #expect(try client.reload() == ["model: \(model)"])
            #expect(try await daemon.isHeard("silence", client))
        }

        @Test func `a source that failed is started again, and the others keep running`() async throws {
            let file = folder.file("later.wav")
            try write(
                """
                sources:
                - {name: silence, uri: 'pipe:-?rate=22050&channels=1&format=s16le'}
                - {name: file, uri: 'file:\(file)?loop=true'}
                """)
            let daemon = try daemon()
            let client = try await daemon.client()
            #expect(try await eventually(within: 5) { try daemon.source("file", client).state == .ended })
            let tone = RawAudio.quietTone(seconds: 1)
            try Data(RawAudio.header(dataBytes: UInt32(tone.count)) + tone).write(to: URL(fileURLWithPath: file))
            #expect(try client.reload() == ["source file: started again, file:\(file)?loop=true"])
            #expect(try await daemon.isHeard("file", client), "\(daemon.log)")
            #expect(try await daemon.isHeard("silence", client))
            #expect(try daemon.source("silence", client).reconnects == 0)
            #expect(try client.reload() == [])
        }

        @Test func `a configuration that is missing or invalid is refused`() async throws {
            let daemon = try daemon()
            let client = try await daemon.client()
            let text = try String(contentsOfFile: configuration, encoding: .utf8)
            try FileManager.default.removeItem(atPath: configuration)
            #expect(refusal(client).contains("cannot read the configuration \(configuration)"))
            #expect(mkfifo(configuration, 0o600) == 0)
            #expect(refusal(client).contains("not a regular file"))
            try FileManager.default.removeItem(atPath: configuration)
            for rubbish in ["sources: {", "sourcse: []", text + "update: 0.1\n", String(repeating: "[", count: 20_000)]
            {
                try write(rubbish)
                #expect(refusal(client).contains("\(configuration):"))
            }
            #expect(try await daemon.isHeard("silence", client))
            try write(text)
            #expect(try client.reload() == [])
            #expect(try client.status().config == configuration)
        }
    }
}
