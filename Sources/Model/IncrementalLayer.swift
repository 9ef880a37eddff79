// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// Incremental inference of one layer. It keeps the last frames that its kernel needs, and the pools that are not
/// complete.
///
/// A pool's grid begins at the window's first frame. Windows that begin at different places of the grid have separate
/// pools, one for each phase.
final class IncrementalLayer {
    private let layer: Weights.Layer
    private let shape: LayerShape
    /// [frames, paddedWidth]. Nothing overwrites the zeros beside a frame's bands.
    private let input: OwnedBuffer<Float>
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
    init(layer: Weights.Layer, phases: [Int], capacity: Int) {
        self.layer = layer
        self.phases = phases
        shape = layer.shape
        input = OwnedBuffer(repeating: 0, count: (capacity + shape.kernel.time - 1) * shape.paddedWidth)
        self.capacity = capacity
        poolCounts = OwnedBuffer(repeating: 0, count: phases.count)
        pools = OwnedBuffer(repeating: 0, count: phases.count * shape.pooledWidth)
        reset()
    }

    /// The scratch memory that it needs, in elements: [bands, patchLength] for the kernel's input at one position, padded with
    /// zeros, and [positions, bands, outputs]. The kernel of a 1-D layer reads consecutive frames of `input`.
    var scratchSize: NetworkScratch.Size {
        NetworkScratch.Size(
            patches: shape.bands > 1 ? shape.bands * shape.patchLength : 0,
            output: capacity * shape.bands * shape.outputs)
    }

    func reset() {
        filled = 0
        for (index, phase) in phases.enumerated() { poolCounts[index] = -phase }
    }

    /// Appends a frame, [bands, inputs], for the next `process`.
    func append(_ frame: UnsafePointer<Float>) {
        (input.pointer + filled * shape.paddedWidth + shape.padding * shape.inputs)
            .update(from: frame, count: shape.bands * shape.inputs)
        filled += 1
    }

    /// Convolves the frames that were appended, and keeps those that the next call needs.
    ///
    /// - Parameter emit: receives each complete pool, [pooledBands, outputs], and the index of its phase in `phases`.
    func process(_ scratch: NetworkScratch, _ emit: (_ phase: Int, UnsafePointer<Float>) -> Void) {
        let ready = filled - (shape.kernel.time - 1)
        guard ready > 0 else { return }
        let output = scratch.output.pointer
        convolve(ready, scratch.patches.pointer, into: output)
        let counts = poolCounts.pointer
        for position in 0..<ready {
            for phase in phases.indices {
                let (count, largest) = (counts[phase], pools.pointer + phase * shape.pooledWidth)
                if count >= 0 {
                    pool(output + position * shape.bands * shape.outputs, into: largest, isFirst: count == 0)
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
        filled = kept
    }

    private func convolve(
        _ ready: Int, _ patches: UnsafeMutablePointer<Float>, into output: UnsafeMutablePointer<Float>
    ) {
        guard shape.bands > 1 else {
            // The kernel reads whole frames, so each weight is read once for several positions.
            layer.weight.apply(
                layer.bias, input.pointer, columns: ready, stride: shape.paddedWidth, rectify: shape.rectified,
                into: output)
            return
        }
        let segment = shape.kernel.frequency * shape.inputs
        let input = input.pointer
        let used = shape.kernel.time * segment
        for position in 0..<ready {
            for band in 0..<shape.bands {
                for time in 0..<shape.kernel.time {
                    (patches + band * shape.patchLength + time * segment).update(
                        from: input + (position + time) * shape.paddedWidth + band * shape.inputs, count: segment)
                }
                // Another layer has been here. Its weight is zero, but zero times NaN is not.
                (patches + band * shape.patchLength + used).update(repeating: 0, count: shape.patchLength - used)
            }
            layer.weight.apply(
                layer.bias, patches, columns: shape.bands, stride: shape.patchLength, rectify: shape.rectified,
                into: output + position * shape.bands * shape.outputs)
        }
    }

    /// Adds one position's bands to a pool.
    private func pool(_ bands: UnsafePointer<Float>, into largest: UnsafeMutablePointer<Float>, isFirst: Bool) {
        for band in 0..<shape.pooledBands {
            let target = largest + band * shape.outputs
            let first = bands + band * shape.pool.frequency * shape.outputs
            if isFirst {
                target.update(from: first, count: shape.outputs)
            } else {
                Kernels.maximum(target, first, shape.outputs)
            }
            for offset in 1..<max(1, shape.pool.frequency) {
                Kernels.maximum(target, first + offset * shape.outputs, shape.outputs)
            }
        }
    }
}
