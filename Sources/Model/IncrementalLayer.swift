// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CKernels

/// Incremental inference of one layer. It keeps the last frames that its kernel needs, and the pools that are not
/// complete.
///
/// A pool's grid begins at the window's first frame. Windows that begin at different places of the grid have separate
/// pools, one for each phase.
final class IncrementalLayer {
    /// Keeps what `arithmetic` refers to.
    private let layer: QuantizedLayer
    private let arithmetic: LayerArithmetic
    private let shape: LayerShape
    /// [frames, paddedWidth], and one number that nothing counts. Nothing overwrites the zeros beside a frame's bands.
    private let input: OwnedBuffer<Int16>
    /// [frames]: what one unit of a frame's numbers stands for.
    private let units: OwnedBuffer<Float>
    private let capacity: Int
    private let phases: [Int]
    /// [phases]: the number of positions in the phase's pool; negative before the first pool begins.
    private let poolCounts: OwnedBuffer<Int>
    /// [phases, pooledBands, outputs]: the largest values in each phase's pool.
    private let pools: OwnedBuffer<Float>
    private var filled = 0

    /// - Parameters:
    ///   - phases: first positions of the pools' grids, each less than a pool's length.
    ///   - capacity: the most frames that are appended between two calls of `process`.
    init(layer: QuantizedLayer, phases: [Int], capacity: Int) {
        (self.layer, arithmetic) = (layer, layer.arithmetic)
        self.phases = phases
        shape = layer.shape
        let frames = capacity + shape.kernel.time - 1
        input = OwnedBuffer(repeating: 0, count: frames * shape.paddedWidth + 1)
        units = OwnedBuffer(repeating: 0, count: frames)
        self.capacity = capacity
        poolCounts = OwnedBuffer(repeating: 0, count: phases.count)
        pools = OwnedBuffer(repeating: 0, count: phases.count * shape.pooledWidth)
        reset()
    }

    /// Elements of scratch memory that it needs: [positions, bands, outputs].
    var scratchSize: Int { capacity * shape.bands * shape.outputs }

    func reset() {
        filled = 0
        for (index, phase) in phases.enumerated() { poolCounts[index] = -phase }
    }

    /// Appends a frame, [bands, inputs], for the next `process`.
    func append(_ frame: UnsafePointer<Float>) {
        units.pointer[filled] = arithmetic.quantize(
            frame, into: input.pointer + filled * shape.paddedWidth + shape.padding * shape.inputs)
        filled += 1
    }

    /// Convolves the frames that were appended, and keeps those that the next call needs.
    ///
    /// - Parameter emit: receives each complete pool, [pooledBands, outputs], and the index of its phase in `phases`.
    func process(_ scratch: NetworkScratch, _ emit: (_ phase: Int, UnsafePointer<Float>) -> Void) {
        let ready = filled - (shape.kernel.time - 1)
        guard ready > 0 else { return }
        let output = scratch.pointer
        arithmetic.convolve(input.pointer, units: units.pointer, positions: ready, into: output)
        let counts = poolCounts.pointer
        for position in 0..<ready {
            for phase in phases.indices {
                let (count, largest) = (counts[phase], pools.pointer + phase * shape.pooledWidth)
                if count >= 0 {
                    // Safe: an output has the bands of all pools, and the phase's pool has their numbers.
                    genred_pool(
                        output + position * shape.bands * shape.outputs, shape.pooledBands, shape.pool.frequency,
                        shape.outputs, count == 0, largest)
                }
                counts[phase] = count + 1
                if count + 1 == shape.pool.time {
                    emit(phase, largest)
                    counts[phase] = 0
                }
            }
        }
        let kept = shape.kernel.time - 1
        input.pointer.update(from: input.pointer + ready * shape.paddedWidth, count: kept * shape.paddedWidth)
        units.pointer.update(from: units.pointer + ready, count: kept)
        filled = kept
    }
}
