// SPDX-License-Identifier: GPL-3.0-or-later

import Glibc

/// When an open pipe is read next: when it holds audio enough for the sink to say something new.
struct PipePace {
    /// Seconds that are not worth sleeping, and the longest sleep: the hub must not take it for a source without a signal.
    private static let (shortestSleep, longestSleep) = (0.01, 0.5)
    /// Share of the pipe that may fill while its reader sleeps: its writer must not have to wait.
    private static let fullest = 0.8
    /// One full read may be what had waited for the start.
    private static let fullReadsToEnlarge = 4

    private var arrivals = ArrivalClock()
    /// The audio that the next read was put off for.
    private var wanted: Double?
    private var capacity = PipeCapacity()
    /// Reads in a row that found the pipe full.
    private var fullReads = 0

    /// Another stream begins in the pipe.
    mutating func beginStream() {
        arrivals = ArrivalClock()
        wanted = nil
    }

    /// The pipe was closed. The next one may hold more or less.
    mutating func close() {
        wanted = nil
        capacity = PipeCapacity()
        fullReads = 0
    }

    /// Enlarges a pipe that is found full several times in a row: its writer is faster than real time, and has to wait.
    ///
    /// - Parameter bytes: those of the last read.
    mutating func enlargeIfFull(_ bytes: Int, bytesPerSecond: Int?, _ descriptor: Int32) {
        guard bytes >= PipeBuffer.usualPipe else {
            fullReads = 0
            return
        }
        capacity.reach(1, descriptor)
        fullReads = capacity.isFull(bytes, bytesPerSecond: bytesPerSecond) ? fullReads + 1 : 0
        if fullReads >= Self.fullReadsToEnlarge { capacity.reach(PipeBuffer.largePipe, descriptor) }
    }

    /// When to read next, after a read of so many bytes, in monotonic seconds. Nil if that is not known, if whoever writes is
    /// faster than real time, or if the pipe was full.
    mutating func nextRead(
        demand: AudioDemand?, bytesPerSecond: Int?, lastRead: Double, bytes: Int, _ descriptor: Int32
    ) -> Double? {
        guard let demand, let bytesPerSecond else {
            wanted = nil
            return nil
        }
        arrivals.note(now: lastRead, heard: demand.heard, wanted: wanted)
        wanted = nil
        guard let arrival = arrivals.arrival(of: demand.next), arrival >= lastRead + Self.shortestSleep else {
            return nil
        }
        capacity.reach(1, descriptor)
        // Made larger only where that spares most wake-ups: each user has a limit for all pipes together.
        let update = Double(bytesPerSecond) * min(Self.longestSleep, arrival - lastRead)
        if Double(capacity.bytes) < update / 2 { capacity.reach(Int(update / Self.fullest), descriptor) }
        guard !capacity.isFull(bytes, bytesPerSecond: bytesPerSecond) else { return nil }
        let limit = lastRead + min(Self.longestSleep, Self.fullest * Double(capacity.bytes) / Double(bytesPerSecond))
        if arrival <= limit { wanted = demand.next }
        return min(arrival, limit)
    }
}

/// The bytes that an open pipe holds.
private struct PipeCapacity {
    /// 0 until the kernel was asked.
    private(set) var bytes = 0
    /// The least that the kernel has refused.
    private var refused = Int.max

    /// Whether a read of so many bytes found the pipe full, or as much in it as is read at once.
    func isFull(_ count: Int, bytesPerSecond: Int?) -> Bool {
        Double(count) >= 0.95 * Double(min(bytes, PipeBuffer.mostBytes(bytesPerSecond: bytesPerSecond)))
    }

    /// Asks the kernel for a pipe that holds so many bytes, if it holds fewer and the kernel has refused no less.
    mutating func reach(_ wanted: Int, _ descriptor: Int32) {
        guard wanted > bytes, wanted < refused else { return }
        // Linux's fcntl(2): F_GETPIPE_SZ, and F_SETPIPE_SZ, which rounds up to a power of two.
        let (getSize, setSize): (Int32, Int32) = (1032, 1031)
        bytes = max(0, Int(fcntl(descriptor, getSize)))
        guard bytes < wanted else { return }
        bytes = max(bytes, Int(fcntl(descriptor, setSize, Int32(min(wanted, 1 << 20)))))
        if bytes < wanted { refused = wanted }
    }
}
