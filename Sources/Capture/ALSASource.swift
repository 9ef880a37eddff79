// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CALSA
import Glibc

/// A sound card, or any other ALSA PCM.
///
/// Each call of libasound takes a lock of its PCM, which is never contended.
struct ALSASource: SourceBody {
    let pcm: String
    let format: RequestedFormat
    let use: ChannelSelection?
    /// Seconds of audio that the device is asked to deliver at once.
    let piece: Double

    let isRealTime = true
    var threadName: String { "alsa \(pcm)" }

    func run(into gate: SinkGate, until signal: StopSignal) {
        ALSAMessages.silence()
        reconnecting(gate, signal) { () throws(CaptureError) in
            let capture = ALSACapture(
                try ALSAPCM(name: pcm, requested: format, use: use, piece: piece), name: pcm, gate, signal)
            try capture.run()
        }
    }
}

/// One stream of an open PCM, which is read until the device is lost or the source is stopped.
private struct ALSACapture: ~Copyable {
    /// Seconds without data after which a running device counts as lost.
    private static let patience = 0.9
    /// Seconds until the first data: some devices, and sound servers behind plugins, start slowly.
    private static let patienceAtFirst = 4.0
    /// If the thread wakes this many seconds past the deadline, the process was suspended; the device did not stall.
    private static let lateness = 0.5

    private let pcm: ALSAPCM
    private let name: String
    private let gate: SinkGate
    private let signal: StopSignal
    /// The PCM's own descriptors and, last, the stop signal's.
    private let descriptors: OwnedBuffer<pollfd>
    private let bytes: OwnedBuffer<UInt8>
    private let mono: OwnedBuffer<Float>

    init(_ pcm: consuming ALSAPCM, name: String, _ gate: SinkGate, _ signal: StopSignal) {
        let setup = pcm.setup
        let count = max(0, Int(snd_pcm_poll_descriptors_count(pcm.handle)))
        self.pcm = pcm
        self.name = name
        self.gate = gate
        self.signal = signal
        descriptors = OwnedBuffer(
            repeating: pollfd(fd: signal.fileDescriptor, events: Int16(POLLIN), revents: 0), count: count + 1)
        bytes = OwnedBuffer(repeating: 0, count: setup.periodFrames * setup.mixer.bytesPerFrame)
        mono = OwnedBuffer(repeating: 0, count: setup.periodFrames)
    }

    /// Returns when stopped; throws when the device is lost.
    func run() throws(CaptureError) {
        do throws(CaptureError) {
            try read()
        } catch {
            // Reported before the device is closed, because a plugin may take long to close it.
            if !signal.isRaised { gate.handle(.lost(error)) }
            throw error
        }
    }

    private func read() throws(CaptureError) {
        let setup = pcm.setup
        gate.handle(
            .opened(
                StreamFormat(
                    sampleRate: setup.sampleRate, channels: setup.mixer.channels, encoding: setup.mixer.encoding.name,
                    device: pcm.device)))
        // A device with long periods may be silent for some of them.
        let patience = max(Self.patience, 3 * Double(setup.periodFrames) / Double(setup.sampleRate))
        var deadline = monotonicSeconds() + max(patience, Self.patienceAtFirst)
        var sawRestart = false
        while try waitForData(until: deadline) {
            let woken = monotonicSeconds()
            let (frames, hasRestarted) = try readAvailable()
            // A partial period does not wake the thread. Data found at the deadline is left over from before the device
            // stalled.
            let isAlive = woken < deadline ? frames > 0 : frames >= setup.periodFrames
            // An overrun extends the deadline as data does, but only once: a device that does nothing but overrun is lost.
            if isAlive || woken > deadline + Self.lateness || hasRestarted && !sawRestart {
                deadline = monotonicSeconds() + patience
                sawRestart = hasRestarted
            } else if monotonicSeconds() >= deadline {
                throw CaptureError(
                    .disconnected, "ALSA's \(name) runs but delivers nothing; reopening it", call: "poll")
            } else if !signal.wait(0.005) {
                // A wake-up without data: some plugins are always readable. Do not spin.
                return
            }
        }
    }

    /// Waits until the device may have data, or the deadline. Returns whether to go on.
    private func waitForData(until deadline: Double) throws(CaptureError) -> Bool {
        let count = snd_pcm_poll_descriptors(pcm.handle, descriptors.pointer, UInt32(descriptors.count - 1))
        guard count >= 0 else { throw lost("cannot be waited for", "snd_pcm_poll_descriptors", count) }
        let left = max(0, deadline - monotonicSeconds())
        _ = poll(descriptors.pointer, nfds_t(descriptors.count), Int32((left * 1000).rounded(.up)))
        return !signal.isRaised
    }

    /// Reads all frames that are available. Returns how many there were, and whether an overrun or a suspended machine made
    /// the device start again.
    private func readAvailable() throws(CaptureError) -> (frames: Int, hasRestarted: Bool) {
        var events: UInt16 = 0
        // The result does not matter, but plugins clear their wake-up here.
        snd_pcm_poll_descriptors_revents(
            pcm.handle, descriptors.pointer, UInt32(descriptors.count - 1), &events)
        var read = 0
        var hasRestarted = false
        while !signal.isRaised {
            let frames = snd_pcm_readi(pcm.handle, bytes.pointer, snd_pcm_uframes_t(pcm.setup.periodFrames))
            if frames > 0 {
                let block = UnsafeRawBufferPointer(
                    start: bytes.pointer, count: frames * pcm.setup.mixer.bytesPerFrame)
                gate.process(pcm.setup.mixer.mix(block, into: mono.elements))
                gate.pass(on: pcm.setup.mixer)
                read += frames
                // A short read emptied the device; another one at once would fetch frame after frame as they arrive.
                if frames < pcm.setup.periodFrames { break }
                continue
            }
            switch CInt(-frames) {
            case 0, EAGAIN, EINTR: break
            case EPIPE:
                try recover()
                hasRestarted = true
            case ESTRPIPE:
                try resume()
                hasRestarted = true
            default: throw lost("is gone", "snd_pcm_readi", CInt(frames))
            }
            // Back to waiting for data: a device that stops again at once would otherwise be read in an endless loop.
            break
        }
        return (read, hasRestarted)
    }

    /// Starts the device again after an overrun. A device that cannot be started is gone: plugins report the death of their
    /// server as an overrun.
    private func recover() throws(CaptureError) {
        let prepared = snd_pcm_prepare(pcm.handle)
        guard prepared == 0 else { throw lost("is gone", "snd_pcm_prepare", prepared) }
        let started = snd_pcm_start(pcm.handle)
        guard started == 0 else { throw lost("is gone", "snd_pcm_start", started) }
        gate.handle(.overrun)
    }

    /// Resumes the device after the machine was suspended, or starts it again if it cannot resume.
    private func resume() throws(CaptureError) {
        let deadline = monotonicSeconds() + Self.patienceAtFirst
        var result: CInt
        repeat {
            result = snd_pcm_resume(pcm.handle)
        } while result == -EAGAIN && monotonicSeconds() < deadline && signal.wait(0.1)
        if result == 0 { gate.handle(.overrun) } else if !signal.isRaised { try recover() }
    }

    private func lost(_ doing: String, _ call: String, _ result: CInt) -> CaptureError {
        alsaError(name, doing, call, .disconnected, result)
    }
}
