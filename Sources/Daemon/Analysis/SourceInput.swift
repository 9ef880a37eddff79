// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Capture
import Glibc
import Streaming
import Synchronization

/// Where a source delivers: the capture thread's end of the way to the analysis.
///
/// A device is never made to wait: what is not analysed in time is dropped, oldest first, and counted. A file waits
/// until there is room. Everything that is not samples goes through a mailbox, in order with the samples; of a pipe, which
/// the worker itself reads, nothing else comes here (`PipeSink`).
final class SourceInput: AudioSink, @unchecked Sendable {
    // Safe to share: `ring` and `worthwhile` belong to who captures, and `handle` and `deliver` are never called by two
    // threads at once: a device's or a file's thread calls both, and for a pipe, whose events also come from Dispatch's
    // threads, the stream's lock is held. Everything else is immutable, atomic or under a lock.

    /// What the worker is told, in order.
    enum Item: Sendable {
        /// A new stream begins; its samples come through the ring if there is one.
        case stream(StreamFormat, SampleRing?, StreamAnalysis)
        /// The same stream goes on with other settings.
        case change(AnalysisChange)
        /// There is no stream; the next one will have these labels.
        case labels([String])
        /// The same stream goes on after a hole.
        case restart
        /// The stream, if there is one, is over.
        case event(CaptureEvent)
    }

    let name: String
    let isRealTime: Bool
    /// The thread that analyses it, as top and debuggers show it.
    let workerName: String
    /// What reads it on that thread, if it is a pipe.
    private let pipes: PipeReader?
    /// Of that thread.
    private let workspace: Workspace

    private struct Mailbox {
        var items: [Item] = []
        var settings: AnalysisSettings
        /// Of the stream that is open now.
        var format: StreamFormat?
        var ring: SampleRing?
    }

    private let mailbox: Mutex<Mailbox>
    private let hasItems = Atomic<Bool>(false)
    private let isStopped = Atomic<Bool>(false)
    private let overrunCount = Atomic<Int>(0)
    /// Of the rings before the present one.
    private let droppedCount = Atomic<Int>(0)
    private let takenCount = Atomic<Int>(0)
    private let lastDelivery = Atomic<Int64>(monotonicNanoseconds())
    private let isWaiting = Atomic<Bool>(false)
    private let room = WakeUp()
    /// Tells the worker that there is something to do.
    private let wakeWorker: @Sendable () -> Void

    private var ring: SampleRing?
    /// Samples in the ring that are worth waking the worker for.
    private var worthwhile = 1

    init(
        name: String, isRealTime: Bool, settings: AnalysisSettings, workerName: String, pipes: PipeReader? = nil,
        workspace: Workspace = Workspace(), wakeWorker: @escaping @Sendable () -> Void
    ) {
        self.name = name
        self.isRealTime = isRealTime
        self.workerName = workerName
        self.pipes = pipes
        self.workspace = workspace
        self.wakeWorker = wakeWorker
        mailbox = Mutex(Mailbox(settings: settings))
    }

    /// How often the device itself lost audio.
    var overruns: Int { overrunCount.load(ordering: .relaxed) }

    /// Samples dropped because they were not analysed in time.
    var dropped: Int { droppedCount.load(ordering: .relaxed) }

    /// Grows whenever the worker takes anything; of a pipe also if it is another one's.
    var progress: Int { takenCount.load(ordering: .relaxed) + (pipes?.progress ?? 0) }

    /// Whether there is anything that the worker was woken for and has not taken.
    var hasWork: Bool {
        if hasMail { return true }
        return mailbox.withLock { box in
            guard let format = box.format else { return false }
            return box.ring.map { $0.count >= Self.worthwhile(format) } ?? pipes?.hasWork ?? false
        }
    }

    /// One hop of the front end.
    private static func worthwhile(_ format: StreamFormat) -> Int { format.sampleRate * 6 / 100 }

    /// Seconds since the source delivered last (or began); 0 while it waits for room, which is not its fault.
    var secondsSinceDelivery: Double {
        if isWaiting.load(ordering: .acquiring) { return 0 }
        return Double(monotonicNanoseconds() - lastDelivery.load(ordering: .acquiring)) * 1e-9
    }

    /// From now on nothing waits here; to be called before the source's own `stop`, whose thread may be waiting.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        room.raise()
    }

    /// Analyses with other settings from now on; a stream that is open goes on. Throws, and changes nothing, when they
    /// are impossible.
    func use(_ settings: AnalysisSettings) throws(StreamingError) {
        try mailbox.withLock { box throws(StreamingError) in
            if let format = box.format {
                box.items.append(
                    .change(try AnalysisChange(settings: settings, seconds: Self.seconds(format, box.ring))))
            } else {
                _ = try settings.replacement()
                box.items.append(.labels(settings.model.labels))
            }
            box.settings = settings
            hasItems.store(true, ordering: .releasing)
        }
        wakeWorker()
    }

    /// Forgets what was heard so far: there is a hole in the audio.
    func restart() { post(.restart) }

    // MARK: The capture thread

    func handle(_ event: CaptureEvent) {
        switch event {
        case .overrun:
            overrunCount.add(1, ordering: .relaxed)
        case .opened(let format):
            lastDelivery.store(monotonicNanoseconds(), ordering: .releasing)
            open(format)
        case .waiting, .lost, .ended:
            ring = nil
            mailbox.withLock { box in
                box.format = nil
                box.ring = nil
            }
            post(.event(event))
        }
    }

    func deliver(_ samples: UnsafeBufferPointer<Float>) {
        guard let ring else { return }
        lastDelivery.store(monotonicNanoseconds(), ordering: .releasing)
        if isRealTime {
            let lost = ring.write(samples)
            if lost > 0 { droppedCount.add(lost, ordering: .relaxed) }
            if ring.count >= worthwhile { wakeWorker() }
        } else {
            deliverAll(samples, to: ring)
        }
    }

    private func deliverAll(_ samples: UnsafeBufferPointer<Float>, to ring: SampleRing) {
        var rest = samples
        while !isStopped.load(ordering: .acquiring) {
            rest = UnsafeBufferPointer(rebasing: rest[ring.tryWrite(rest)...])
            if ring.count >= worthwhile { wakeWorker() }
            if rest.isEmpty { return }
            isWaiting.store(true, ordering: .sequentiallyConsistent)
            // The worker may have made room between the push and the flag: then it did not see the flag, and this
            // sees the room (both sides have a fence between their write and their look).
            atomicMemoryFence(ordering: .sequentiallyConsistent)
            if !hasRoom(ring) { room.wait() }
            isWaiting.store(false, ordering: .releasing)
            lastDelivery.store(monotonicNanoseconds(), ordering: .releasing)
        }
    }

    /// Half of the ring: reader and worker hand over in large pieces and work at the same time.
    private func hasRoom(_ ring: SampleRing) -> Bool { ring.count <= ring.capacity / 2 }

    private func open(_ format: StreamFormat) {
        // About 0.7 s: 128 KiB at 48 kHz.
        let ring = pipes == nil ? SampleRing(minimumCapacity: format.sampleRate * 68 / 100) : nil
        let isOpen = mailbox.withLock { box in
            // Made and posted under one lock, so that `use` comes wholly before or after.
            defer { hasItems.store(true, ordering: .releasing) }
            do throws(StreamingError) {
                let analysis = try StreamAnalysis(
                    sampleRate: format.sampleRate, turn: Self.seconds(format, ring), settings: box.settings,
                    workspace: workspace)
                box.format = format
                box.ring = ring
                box.items.append(.stream(format, ring, analysis))
                return true
            } catch {
                box.format = nil
                box.ring = nil
                box.items.append(.event(.lost(CaptureError(.formatMismatch, error.description))))
                return false
            }
        }
        self.ring = isOpen ? ring : nil
        worthwhile = Self.worthwhile(format)
        wakeWorker()
    }

    /// Of the audio that one turn of the worker can take at most: what is in a ring, or what is read of a pipe at once.
    private static func seconds(_ format: StreamFormat, _ ring: SampleRing?) -> Double {
        Double(ring?.capacity ?? PipeReader.mostSamples(channels: format.channels)) / Double(format.sampleRate)
    }

    private func post(_ item: Item) {
        mailbox.withLock { box in
            box.items.append(item)
            hasItems.store(true, ordering: .releasing)
        }
        wakeWorker()
    }

    // MARK: The worker

    /// A pipe was read.
    func tellDelivery() { lastDelivery.store(monotonicNanoseconds(), ordering: .releasing) }

    /// A pipe waits, or does not any more, for the hub to read what was made of it.
    func tellWaiting(_ waits: Bool) {
        guard isWaiting.load(ordering: .relaxed) != waits else { return }
        if !waits { tellDelivery() }
        isWaiting.store(waits, ordering: .releasing)
    }

    /// Whether `takeItem` has anything to give; what was delivered before the first item is in the ring then.
    var hasMail: Bool { hasItems.load(ordering: .acquiring) }

    /// The next item. While the ring is not empty only one that concerns the stream that is open.
    func takeItem(ringIsEmpty: Bool) -> Item? {
        mailbox.withLock { box in
            switch box.items.first {
            case nil: return nil
            case .change, .labels, .restart: break
            case .stream, .event: if !ringIsEmpty { return nil }
            }
            takenCount.add(1, ordering: .relaxed)
            let item = box.items.removeFirst()
            if box.items.isEmpty { hasItems.store(false, ordering: .releasing) }
            return item
        }
    }

    /// To be called after samples were taken out of the ring.
    func tellRoom(in ring: SampleRing) {
        takenCount.add(1, ordering: .relaxed)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if isWaiting.load(ordering: .relaxed) && hasRoom(ring) { room.raise() }
    }
}
