// SPDX-License-Identifier: GPL-3.0-or-later

/// A branch on a stream: its layers, and what they gave for the windows.
///
/// A window's pools lie on a grid that begins with it. Windows a whole `step` of the branch apart have that grid in common;
/// between them others, if they are wanted, share what comes before a pool and have their own layers after it. So the
/// layers are a tree: what a phase of a layer's pools gives goes into a layer of its own, with the same weights.
final class IncrementalBranch {
    private struct Node {
        let layer: IncrementalLayer
        /// For each phase of its pools where they go: into a node, or after the last layer into a row of positions.
        var targets: [Int]
        let isLast: Bool
    }

    /// Numbers that `summarise` gives.
    let featureCount: Int

    private var nodes: [Node] = []
    private var positions: [PositionRow] = []
    /// By the window's first frame, modulo the branch's step: which of `positions` are the window's.
    private var rows: [Int]
    private let step: Int

    /// - Parameters:
    ///   - frames: of a window.
    ///   - every: windows begin at multiples of so many frames; the branch's step is a multiple of it.
    init(_ branch: Architecture.Branch, layers: [Weights.Layer], frames: Int, every: Int) {
        let channels = layers.last?.shape.outputs ?? 0
        featureCount = channels * Architecture.statistics.count
        step = branch.step
        rows = [Int](repeating: 0, count: step)
        _ = grow(
            layers[...], starts: Array(stride(from: 0, to: step, by: every)).map { ($0, $0) }, capacity: every,
            positions: branch.positions(frames: frames))
    }

    /// Makes the node of the first of `layers` and those after it.
    ///
    /// - Parameters:
    ///   - starts: where windows begin, in the layer's own frames, beside the frame of the stream that it is.
    ///   - capacity: the most frames that the layer gets at once.
    private func grow(
        _ layers: ArraySlice<Weights.Layer>, starts: [(place: Int, window: Int)], capacity: Int, positions count: Int
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
                // What one layer gives at once, the next gets at once; a pool that waits may give one more.
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

    /// - Parameter coefficients: a frame of them.
    func append(_ coefficients: UnsafePointer<Float>) { nodes[0].layer.append(coefficients) }

    /// Convolves what was appended.
    func process() {
        // A node comes before those that it feeds.
        for index in nodes.indices {
            nodes[index].layer.process { phase, output in
                let target = nodes[index].targets[phase]
                if nodes[index].isLast { positions[target].append(output) } else { nodes[target].layer.append(output) }
            }
        }
    }

    /// The statistics over the positions of the window that begins with a frame and is complete, `featureCount` of them.
    func summarise(windowAt frame: Int, epsilon: Float, into features: UnsafeMutablePointer<Float>) {
        positions[rows[frame % step]].summarise(epsilon: epsilon, into: features)
    }
}

/// The last layer's outputs: the positions of one window, oldest first.
private final class PositionRow {
    private let values: UnsafeMutablePointer<Float>
    private let capacity: Int
    private let channels: Int
    private var count = 0

    init(count: Int, channels: Int) {
        capacity = count
        self.channels = channels
        values = .allocate(capacity: count * channels)
        values.initialize(repeating: 0, count: count * channels)
    }

    deinit { values.deallocate() }

    func reset() { count = 0 }

    func append(_ output: UnsafePointer<Float>) {
        if count == capacity {
            values.update(from: values + channels, count: (capacity - 1) * channels)
            count -= 1
        }
        (values + count * channels).update(from: output, count: channels)
        count += 1
    }

    func summarise(epsilon: Float, into features: UnsafeMutablePointer<Float>) {
        Kernels.statistics(values, positions: capacity, channels: channels, epsilon: epsilon, into: features)
    }
}
