// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Synchronization

/// Decides whether channels cancel each other in their mean, from the power of a few of their frames: one in 29, which
/// costs little and shares no period with usual tones.
///
/// Power is that of a block (0.1 s) without its slow movements (`Trends`), so that neither a constant offset nor a rumble
/// below hearing counts for anything.
struct CancellationWatch {
    enum Decision: Equatable {
        case mean
        /// Of two channels: the first minus the second.
        case difference
        /// Of more: the loudest.
        case channel(Int)
    }

    /// Frames from one that is measured to the next.
    static let step = 29
    /// Blocks per second.
    private static let blocksPerSecond = 10
    /// The share of a block that the average over blocks takes up: a time constant of a third of a second.
    private static let rate = 0.3
    /// The power of the loudest channel below which nothing is decided (-70 dB).
    private static let audible = 1e-7
    /// The channels cancel if their sum has less than this share of the power that the loudest has alone (-15 dB), and
    /// agree again above the other share (-6 dB). A sum of channels that have nothing in common has at least all of it.
    private static let cancelShare = 0.03
    private static let agreeShare = 0.25
    /// Blocks in a row.
    private static let blocksToCancel = 10
    private static let blocksToAgree = 10

    /// Frames of the next piece to skip, so that pieces of any size are measured alike.
    var skipped = 0
    private(set) var cancels = false

    private let framesPerBlock: Int
    private var frames = 0
    /// [framesPerBlock]: the trends at each frame of a block.
    private let trends: [SIMD4<Double>]
    /// Each channel's shares of the trends, and its squares; and those of the channels' sum.
    private var shares: [SIMD4<Double>]
    private var squares: [Double]
    private var total = (shares: SIMD4<Double>(), square: 0.0)
    private var frameTotal = 0.0
    /// Averages over blocks.
    private var powers: [Double]
    private var totalPower = 0.0
    private var row = 0

    init(channels: Int, rate: Int) {
        squares = [Double](repeating: 0, count: channels)
        powers = squares
        shares = [SIMD4<Double>](repeating: SIMD4(), count: channels)
        framesPerBlock = max(1, rate / (Self.blocksPerSecond * Self.step))
        trends = Self.sharedTrends(framesPerBlock)
    }

    /// The trends of a block of `count` frames, the same memory for all streams.
    private static func sharedTrends(_ count: Int) -> [SIMD4<Double>] {
        if let known = shared.withLock({ $0[count] }) { return known }
        let basis = Trends.basis(count: count)
        let made = (0..<count).map { SIMD4(basis[0][$0], basis[1][$0], basis[2][$0], basis[3][$0]) }
        // Nearly all streams have one of a few rates, and headers must not make the cache grow without end.
        shared.withLock { if $0.count < 8 { $0[count] = made } }
        return made
    }

    private static let shared = Mutex<[Int: [SIMD4<Double>]]>([:])

    /// Adds frames of two channels, at most `framesLeft`. The sums stay in registers, and are added to frame by frame, so
    /// that they do not depend on how many frames a call has.
    @inline(__always)
    mutating func add(_ count: Int, _ pair: (Int) -> (first: Float, second: Float)) {
        precondition(count <= framesLeft, "more frames than the block has left")
        var (first, second) = (shares[0], shares[1])
        var (firstSquare, secondSquare, square) = (squares[0], squares[1], total.square)
        // Safe: the trends have as many frames as the block.
        trends.withUnsafeBufferPointer { trends in
            for index in 0..<count {
                let values = pair(index)
                let (left, right) = (Double(values.first), Double(values.second))
                let trend = trends[frames + index]
                first += left * trend
                second += right * trend
                firstSquare += left * left
                secondSquare += right * right
                square += (left + right) * (left + right)
            }
        }
        (shares[0], shares[1]) = (first, second)
        (squares[0], squares[1]) = (firstSquare, secondSquare)
        total = (first + second, square)
        frames += count
    }

    /// Adds one channel's sample to the present frame.
    @inline(__always)
    mutating func add(_ sample: Float, _ place: Int) {
        let value = Double(sample)
        shares[place] += value * trends[frames]
        squares[place] += value * value
        frameTotal += value
    }

    @inline(__always)
    mutating func endFrame() {
        total.shares += frameTotal * trends[frames]
        total.square += frameTotal * frameTotal
        frameTotal = 0
        frames += 1
    }

    /// Frames until the block is full and `decide` is due.
    var framesLeft: Int { framesPerBlock - frames }

    /// Ends the block. Returns what to listen to from now on, if that has changed.
    mutating func decide() -> Decision? {
        let count = Double(frames)
        func power(_ shares: SIMD4<Double>, _ square: Double) -> Double {
            max(0, square - (shares * shares).sum()) / count
        }
        totalPower += Self.rate * (power(total.shares, total.square) - totalPower)
        for place in shares.indices {
            powers[place] += Self.rate * (power(shares[place], squares[place]) - powers[place])
            (shares[place], squares[place]) = (SIMD4(), 0)
        }
        (total, frames) = ((SIMD4(), 0), 0)
        let loudest = powers.indices.max { powers[$0] < powers[$1] } ?? 0
        // What is not finite is not decided about, and not kept.
        guard powers[loudest].isFinite, totalPower.isFinite else {
            for place in powers.indices { powers[place] = 0 }
            totalPower = 0
            return nil
        }
        guard powers[loudest] > Self.audible else { return nil }
        let share = totalPower / powers[loudest]
        row = (cancels ? share > Self.agreeShare : share < Self.cancelShare) ? row + 1 : 0
        guard row >= (cancels ? Self.blocksToAgree : Self.blocksToCancel) else { return nil }
        row = 0
        cancels.toggle()
        if !cancels { return .mean }
        return powers.count == 2 ? .difference : .channel(loudest)
    }
}
