// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CALSA
import Glibc

/// A sound card or any other PCM of ALSA.
final class ALSASource: AudioSource {
    let isRealTime = true
    let isPolled = false

    private let pcm: String
    private let format: RequestedFormat
    private let thread: SourceThread

    init(pcm: String, format: RequestedFormat) {
        self.pcm = pcm
        self.format = format
        thread = SourceThread(name: "alsa \(pcm)")
    }

    func start(_ sink: any AudioSink, pipes: PipeReader) {
        thread.start(sink) { [pcm, format] gate, signal in
            ALSAMessages.silence()
            reconnecting(gate, signal) { () throws(CaptureError) in
                let capture = ALSACapture(try ALSAPCM(name: pcm, requested: format), name: pcm, gate, signal)
                try capture.run()
            }
        }
    }

    func stop() { thread.stop() }
}

/// One life of an open PCM: reads and delivers until the device is lost or the source stopped.
private struct ALSACapture: ~Copyable {
    /// Seconds without data after which a running device counts as lost.
    private static let patience = 0.9
    /// Seconds until the first data: some devices, and sound servers behind plugins, start slowly.
    private static let patienceAtFirst = 4.0
    /// Seconds after the deadline from which on it was this process that did not run, not the device.
    private static let lateness = 0.5

    private let pcm: ALSAPCM
    private let name: String
    private let gate: SinkGate
    private let signal: StopSignal
    /// The PCM's own descriptors and, last, the stop signal's. These three buffers belong to this value, which
    /// cannot be copied, and are used by the source's thread alone.
    private let descriptors: UnsafeMutableBufferPointer<pollfd>
    private let bytes: UnsafeMutableRawBufferPointer
    private let mono: UnsafeMutableBufferPointer<Float>

    init(_ pcm: consuming ALSAPCM, name: String, _ gate: SinkGate, _ signal: StopSignal) {
        let setup = pcm.setup
        let count = max(0, Int(snd_pcm_poll_descriptors_count(pcm.handle)))
        self.pcm = pcm
        self.name = name
        self.gate = gate
        self.signal = signal
        descriptors = .allocate(capacity: count + 1)
        descriptors.initialize(repeating: pollfd(fd: signal.fileDescriptor, events: Int16(POLLIN), revents: 0))
        bytes = .allocate(byteCount: setup.periodFrames * setup.mixer.bytesPerFrame, alignment: 16)
        mono = .allocate(capacity: setup.periodFrames)
    }

    deinit {
        descriptors.deallocate()
        bytes.deallocate()
        mono.deallocate()
    }

    /// Returns when stopped; throws when the device is lost.
    func run() throws(CaptureError) {
        do throws(CaptureError) {
            try read()
        } catch {
            // Told before the device is closed, for a plugin may take its time over that.
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
        var hasBegunAnew = false
        while try waitForData(until: deadline) {
            let woken = monotonicSeconds()
            let (frames, beginsAnew) = try readAvailable()
            // Part of a period wakes nobody: what is found of it at the deadline was left over when the device stalled.
            let lives = woken < deadline ? frames > 0 : frames >= setup.periodFrames
            // After an overrun it has as long as after data, but once: one that only ever overruns is lost.
            if lives || woken > deadline + Self.lateness || beginsAnew && !hasBegunAnew {
                deadline = monotonicSeconds() + patience
                hasBegunAnew = beginsAnew
            } else if monotonicSeconds() >= deadline {
                throw CaptureError(
                    .disconnected, "ALSA's \(name) runs but delivers nothing; it is opened again", call: "poll")
            } else if !signal.wait(0.005) {
                // Woken for nothing: some plugins are always readable. Do not spin.
                return
            }
        }
    }

    /// Waits until the device may have data, or the deadline. Returns whether to go on.
    private func waitForData(until deadline: Double) throws(CaptureError) -> Bool {
        let count = snd_pcm_poll_descriptors(pcm.handle, descriptors.baseAddress, UInt32(descriptors.count - 1))
        guard count >= 0 else { throw lost("cannot be waited for", "snd_pcm_poll_descriptors", count) }
        let left = max(0, deadline - monotonicSeconds())
        _ = poll(descriptors.baseAddress, nfds_t(descriptors.count), Int32((left * 1000).rounded(.up)))
        return !signal.isRaised
    }

    /// Reads and delivers all that is there. Returns how many frames that were, and whether an overrun or a pause of the
    /// machine made the device begin anew.
    private func readAvailable() throws(CaptureError) -> (frames: Int, beginsAnew: Bool) {
        var events: UInt16 = 0
        // Not only to know: plugins clear their wake-up here.
        snd_pcm_poll_descriptors_revents(
            pcm.handle, descriptors.baseAddress, UInt32(descriptors.count - 1), &events)
        var read = 0
        var beginsAnew = false
        while !signal.isRaised {
            let frames = snd_pcm_readi(pcm.handle, bytes.baseAddress, snd_pcm_uframes_t(pcm.setup.periodFrames))
            if frames > 0 {
                let block = UnsafeRawBufferPointer(rebasing: bytes[..<(frames * pcm.setup.mixer.bytesPerFrame)])
                gate.deliver(pcm.setup.mixer.mix(block, into: mono))
                read += frames
                // A short read took all there was; asking at once would fetch frame after frame as they arrive.
                if frames < pcm.setup.periodFrames { break }
                continue
            }
            switch CInt(-frames) {
            case 0, EAGAIN, EINTR: break
            case EPIPE:
                try recover()
                beginsAnew = true
            case ESTRPIPE:
                try resume()
                beginsAnew = true
            default: throw lost("is gone", "snd_pcm_readi", CInt(frames))
            }
            // What it has from now on is waited for: a device that stops again at once would be asked for ever.
            break
        }
        return (read, beginsAnew)
    }

    /// After an overrun: starts anew. What cannot be started is no overrun but gone: plugins whose server dies report
    /// it like one.
    private func recover() throws(CaptureError) {
        let prepared = snd_pcm_prepare(pcm.handle)
        guard prepared == 0 else { throw lost("is gone", "snd_pcm_prepare", prepared) }
        let started = snd_pcm_start(pcm.handle)
        guard started == 0 else { throw lost("is gone", "snd_pcm_start", started) }
        gate.handle(.overrun)
    }

    /// After the machine slept: goes on where the device can, else starts anew.
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
