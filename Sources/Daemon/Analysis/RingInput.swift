// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import Model
import Streaming
import Synchronization

/// The input of a device or a file: its own thread writes samples to a ring, which the worker empties (`RingTrack`).
///
/// A device never waits: samples that are not analysed in time are dropped, oldest first, and counted. A file waits until
/// there is room. Everything but samples goes through a mailbox, in order with the samples.
final class RingInput: SourceInput, AudioSink, @unchecked Sendable {
    // Safe to share: `present` and `suspended` belong to the source's thread, which alone calls `handle` and `process`; everything else is
    // immutable, atomic or under a lock.

    /// A message to the worker.
    enum Item: Sendable {
        /// A new stream begins; its samples come through the ring.
        case opened(StreamFormat, SampleRing, StreamAnalysis)
        case changed(SettingsChange)
        /// The same stream goes on after a hole in the audio.
        case restart
        /// Something within the stream that the hub ought to know.
        case happened(CaptureEvent)
        /// The stream, if there is one, is over.
        case closed(CaptureEvent)
    }

    /// The ring of an open stream.
    private struct OpenRing: Sendable {
        let ring: SampleRing
        let sampleRate: Int
    }

    /// Seconds of audio in the ring: 128 KiB at 48 kHz.
    private static let ringSeconds = 0.68

    let workerName: String
    let health = SourceHealth()
    let mailbox = Mailbox<Item>()
    private let isRealTime: Bool
    private let settings: SourceSettings
    private let workspace: Workspace
    /// Tells the worker that there is something to do.
    private let wakeWorker: @Sendable () -> Void
    private let isStopped = Atomic<Bool>(false)
    private let isWaiting = Atomic<Bool>(false)
    /// The number of samples in the ring that wakes the worker: what the next estimate needs.
    private let worthwhile = Atomic<Int>(0)
    private let room = WakeUp()
    /// The ring as other threads see it; `present` is the source's thread's own copy, read without a lock.
    private let shared = Mutex<OpenRing?>(nil)
    private var present: OpenRing?
    /// When the source was suspended last, in monotonic seconds.
    private var suspended = 0.0

    /// - Parameter workspace: the worker's.
    init(
        isRealTime: Bool, settings: AnalysisSettings, workerName: String, workspace: Workspace = Workspace(),
        wakeWorker: @escaping @Sendable () -> Void
    ) {
        self.isRealTime = isRealTime
        self.workerName = workerName
        self.workspace = workspace
        self.wakeWorker = wakeWorker
        self.settings = SourceSettings(settings)
    }

    // MARK: The hub and the supervisor

    var progress: Int { health.taken }

    var hasTakenSettings: Bool { !mailbox.hasMail }

    var hasWork: Bool { mailbox.hasMail || shared.withLock { $0.map { isWorthwhile($0.ring) } ?? false } }

    func use(_ settings: AnalysisSettings) throws(StreamingError) {
        try self.settings.use(settings) { mailbox.post(.changed($0)) }
        wakeWorker()
    }

    func noteSilentDevice() {
        if isRealTime { post(.restart) }
    }

    /// Ends all waiting for room. Call it before the source's own `stop`, whose thread may be waiting.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        room.raise()
    }

    // MARK: The source's thread

    func handle(_ event: CaptureEvent) {
        switch event {
        case .overrun:
            health.noteOverrun()
        case .opened(let format):
            health.noteDelivery()
            open(format)
        case .noticed, .damaged:
            post(.happened(event))
        case .suspended:
            suspended = monotonicSeconds()
            post(.happened(event))
        case .resumed:
            health.noteDelivery()
            // After a pause longer than a window, what was heard before says nothing about what comes now.
            if monotonicSeconds() - suspended > FrontEnd.version1.windowDuration { post(.restart) }
            post(.happened(event))
        case .waiting, .lost, .ended:
            close()
            post(.closed(event))
        }
    }

    func process(_ samples: UnsafeBufferPointer<Float>) {
        guard let present else { return }
        health.noteDelivery()
        if isRealTime {
            health.noteDropped(present.ring.write(samples.span), sampleRate: present.sampleRate)
            if isWorthwhile(present.ring) { wakeWorker() }
        } else {
            writeAll(samples, to: present)
        }
    }

    private func writeAll(_ samples: UnsafeBufferPointer<Float>, to open: OpenRing) {
        var written = 0
        while !isStopped.load(ordering: .acquiring) {
            // A constant, because the compiler puts a variable whose span is taken on the heap.
            let rest = UnsafeBufferPointer(rebasing: samples[written...])
            written += open.ring.tryWrite(rest.span)
            if isWorthwhile(open.ring) { wakeWorker() }
            if written == samples.count { return }
            health.noteWaiting(true)
            isWaiting.store(true, ordering: .sequentiallyConsistent)
            // If the worker made room between the write and the flag it did not see the flag, but then this thread sees
            // the room: both sides have a fence between their write and their look.
            atomicMemoryFence(ordering: .sequentiallyConsistent)
            if !hasRoom(open.ring) { room.wait() }
            isWaiting.store(false, ordering: .releasing)
            health.noteWaiting(false)
        }
    }

    private func isWorthwhile(_ ring: SampleRing) -> Bool {
        // See `noteDemand`.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        return ring.count >= worthwhile.load(ordering: .relaxed)
    }

    /// Whether half of the ring is free, so that the two threads work at the same time and hand over large pieces.
    private func hasRoom(_ ring: SampleRing) -> Bool { ring.count <= ring.capacity / 2 }

    private func open(_ format: StreamFormat) {
        let rate = format.sampleRate
        let ring = SampleRing(minimumCapacity: Int(Self.ringSeconds * Double(rate)))
        do throws(StreamingError) {
            let turn = Double(ring.capacity) / Double(rate)
            try settings.open(sampleRate: rate, turn: turn, workspace: workspace) {
                mailbox.post(.opened(format, ring, $0))
            }
            let open = OpenRing(ring: ring, sampleRate: rate)
            noteDemand(nil, in: ring, sampleRate: rate)
            present = open
            shared.withLock { $0 = open }
        } catch {
            close()
            mailbox.post(.closed(.lost(CaptureError(.formatMismatch, error.description))))
        }
        wakeWorker()
    }

    private func close() {
        settings.close()
        present = nil
        shared.withLock { $0 = nil }
    }

    private func post(_ item: Item) {
        mailbox.post(item)
        wakeWorker()
    }

    // MARK: The worker, and the source's thread when it opens a stream

    /// Notes how much the next estimate needs: the worker sleeps until then. If that is not known, one hop is enough.
    func noteDemand(_ demand: AudioDemand?, in ring: SampleRing, sampleRate: Int) {
        let hop = sampleRate * FrontEnd.version1.hopLength / FrontEnd.version1.sampleRate
        let left = demand.map { Int((($0.next - $0.heard) * Double(sampleRate)).rounded(.up)) } ?? 0
        worthwhile.store(min(max(hop, left), ring.capacity / 2), ordering: .relaxed)
        // Whoever wrote before this compared with the old number. The worker looks at the ring once more after this: both
        // sides have a fence between their write and their look.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
    }

    /// Call this after samples were taken out of the ring.
    func noteRoom(in ring: SampleRing) {
        health.noteTaken()
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if isWaiting.load(ordering: .relaxed) && hasRoom(ring) { room.raise() }
    }
}
