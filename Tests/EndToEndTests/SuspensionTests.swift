// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// The daemon stands still for half a minute, as in a debugger or on a machine without memory, and then continues.
    @Suite(.enabled(if: SoundServer.isInstalled), .timeLimit(.minutes(2))) struct SuspensionTests {
        @Test func `devices drop samples and count them, and pipes lose nothing`() async throws {
            let server = try SoundServer()
            let fifo = server.folder.file("radio")
            #expect(mkfifo(fifo, 0o600) == 0)
            let daemon = try RunningDaemon(
                sources: [
                    ("pulse", "pulse:radio.monitor"), ("alsa", "alsa:radio"),
                    ("fifo", "pipe:\(fifo)?rate=44100&channels=2&format=s16le"),
                ], environment: server.environment)
            let client = try await daemon.client()
            for name in ["pulse", "alsa"] {
                #expect(
                    try await eventually(within: 10) { try daemon.source(name, client).position > 0 }, "\(daemon.log)")
            }
            var writer: PipeWriter? = try await PipeWriter(fifo)
            let second = RawAudio.quietTone(seconds: 1)
            for _ in 0..<5 { writer?.write(second) }
            let before = try client.sources()
            daemon.signal(SIGSTOP)
            // Even if an expectation fails.
            defer { daemon.signal(SIGCONT) }
            async let writing: Void = Task.detached { [writer] in for _ in 0..<20 { writer?.write(second) } }.value
            try await Task.sleep(for: .seconds(30))
            daemon.signal(SIGCONT)
            await writing
            // The daemon stood still, not the sources.
            #expect(!daemon.log.contains(/-> no-signal/), "\(daemon.log)")
            writer = nil
            // All of the 25 s, except what is too short for another estimate.
            #expect(
                try await eventually(within: 5) { try daemon.source("fifo", client).position > 24.7 }, "\(daemon.log)")
            let after = try client.sources()
            #expect(after.first { $0.name == "fifo" }?.dropped == 0)
            for name in ["pulse", "alsa"] {
                let (old, new) = (before.first { $0.name == name }, after.first { $0.name == name })
                let losses = (new?.dropped ?? 0) + (new?.overruns ?? 0)
                #expect(losses > (old?.dropped ?? 0) + (old?.overruns ?? 0), "\(name): \(String(describing: new))")
                #expect(new?.lastError == nil && new?.reconnects == 0, "\(daemon.log)")
                #expect(try await daemon.isHeard(name, client), "\(daemon.log)")
            }
        }
    }
}
