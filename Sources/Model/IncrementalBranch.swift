// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CKernels

/// Incremental inference of one branch: its layers, and their outputs for the present windows.
///
/// A window's pools lie on a grid that begins with the window. Windows a whole branch step apart share that grid.
/// Windows between them share with them only the layers before a pool, and have their own layers after it. The layers
/// are therefore a tree: each phase of a layer's pools feeds a layer of its own, with the same weights.
final class IncrementalBranch {
    private struct Node {
        let layer: IncrementalLayer
        /// For each phase of the pools, the index of the node that they feed, or after the last layer of a row of
        /// positions.
        var targets: [Int]
        let isLast: Bool
    }

    /// Number of features that `summarise` computes.
    let featureCount: Int

    private var nodes: [Node] = []
    private var positions: [PositionRow] = []
    /// Index in `positions` of a window's row, by the window's first frame modulo the branch's step.
    private var rows: [Int]
    private let step: Int

    /// - Parameters:
    ///   - frames: frames of a window.
    ///   - every: frames from one window to the next, a divisor of the branch's step.
    init(_ branch: Architecture.Branch, layers: [QuantizedLayer], frames: Int, every: Int) {
        let channels = layers.last?.shape.outputs ?? 0
        featureCount = channels * Architecture.statistics.count
        step = branch.step
        rows = [Int](repeating: 0, count: step)
        _ = grow(
            layers[...], starts: Array(stride(from: 0, to: step, by: every)).map { ($0, $0) }, capacity: every,
            positions: branch.positions(frames: frames))
    }

    /// Makes the node of the first of `layers` and the nodes that it feeds.
    ///
    /// - Parameters:
    ///   - starts: starts of windows, in the layer's own frames (`place`) and in frames of the stream (`window`).
    ///   - capacity: the most frames that the layer receives at once.
    /// - Returns: the node's index.
    private func grow(
        _ layers: ArraySlice<QuantizedLayer>, starts: [(place: Int, window: Int)], capacity: Int, positions count: Int
    ) -> Int {
        let layer = layers[layers.startIndex]
        let pool = layer.shape.pool.time
        let byPhase = Dictionary(grouping: starts, by: { $0.place % pool }).sorted { $0.key < $1.key }
        let node = nodes.count
        nodes.append(
            Node(
                layer: IncrementalLayer(layer: layer, phases: byPhase.map(\.key), capacity: capacity), targets: [],
                isLast: layers.count == 1))
        for (_, members) in byPhase {
            if layers.count == 1 {
                nodes[node].targets.append(positions.count)
                for member in members { rows[member.window] = positions.count }
                positions.append(PositionRow(count: count, channels: layer.shape.outputs))
            } else {
                // The next layer receives at once what this one completes at once, and one more from a waiting pool.
                let next = grow(
                    layers.dropFirst(), starts: members.map { ($0.place / pool, $0.window) },
                    capacity: capacity / pool + 1, positions: count)
                nodes[node].targets.append(next)
            }
        }
        return node
    }

    func reset() {
        for row in positions { row.reset() }
        for node in nodes { node.layer.reset() }
    }

    /// Appends a frame, [coefficients], for the next `process`.
    func append(_ coefficients: UnsafePointer<Float>) { nodes[0].layer.append(coefficients) }

    /// Elements of scratch memory that its largest layer needs.
    var scratchSize: Int { nodes.reduce(0) { max($0, $1.layer.scratchSize) } }

    /// Processes the frames that were appended.
    func process(_ scratch: NetworkScratch) {
        // A node comes before those that it feeds.
        for index in nodes.indices {
            nodes[index].layer.process(scratch) { phase, output in
                let target = nodes[index].targets[phase]
                if nodes[index].isLast { positions[target].append(output) } else { nodes[target].layer.append(output) }
            }
        }
    }

    /// Computes the statistics, [featureCount], of a complete window.
    ///
    /// - Parameter frame: the window's first frame.
    func summarise(windowAt frame: Int, epsilon: Float, into features: UnsafeMutablePointer<Float>) {
        positions[rows[frame % step]].summarise(epsilon: epsilon, into: features)
    }
}

/// The last layer's outputs in one window, oldest first.
private final class PositionRow {
    /// [capacity, channels].
    private let values: OwnedBuffer<Float>
    private let capacity: Int
    private let channels: Int
    private var count = 0

    init(count: Int, channels: Int) {
        capacity = count
        self.channels = channels
        values = OwnedBuffer(repeating: 0, count: count * channels)
    }

    func reset() { count = 0 }

    func append(_ output: UnsafePointer<Float>) {
        if count == capacity {
            values.pointer.update(from: values.pointer + channels, count: (capacity - 1) * channels)
            count -= 1
        }
        (values.pointer + count * channels).update(from: output, count: channels)
        count += 1
    }

    func summarise(epsilon: Float, into features: UnsafeMutablePointer<Float>) {
        // Safe: the row has room for so many positions, and the caller for the features.
        genred_statistics(values.pointer, capacity, channels, epsilon, features)
    }
}
