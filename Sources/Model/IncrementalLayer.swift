// SPDX-License-Identifier: GPL-3.0-or-later

/// One layer on a stream: the last frames that its kernel needs, and the pools that are not complete yet.
///
/// A pool's grid begins at the window's first frame. Windows that begin at different places of the grid have pools of
/// their own: one for each phase.
final class IncrementalLayer {
    private struct Pool {
        /// Positions to pass over before the first; then how many of a pool are in `largest`, 0 up.
        var count: Int
        /// [pooledBands, outputs].
        let largest: UnsafeMutablePointer<Float>
    }

    private let layer: Weights.Layer
    private let shape: LayerShape
    /// Frames with the zeros beside their bands, which nothing overwrites.
    private let input: UnsafeMutablePointer<Float>
    /// What the kernel sees of each band of one position, [bands, patchLength], zeros behind it; unused where that is
    /// consecutive in `input`.
    private let patches: UnsafeMutablePointer<Float>
    private let output: UnsafeMutablePointer<Float>
    private let phases: [Int]
    private let pools: UnsafeMutablePointer<Pool>
    private var filled = 0

    /// - Parameters:
    ///   - phases: where the pools' grids begin, in positions from the first, less than a pool is long.
    ///   - capacity: the most frames that are appended between two runs.
    init(layer: Weights.Layer, phases: [Int], capacity: Int) {
        self.layer = layer
        self.phases = phases
        shape = layer.shape
        func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
            let result = UnsafeMutablePointer<Float>.allocate(capacity: count)
            result.initialize(repeating: 0, count: count)
            return result
        }
        input = allocate((capacity + shape.kernel.time - 1) * shape.paddedWidth)
        patches = allocate(shape.bands > 1 ? shape.bands * shape.patchLength : 0)
        output = allocate(capacity * shape.bands * shape.outputs)
        pools = .allocate(capacity: phases.count)
        for (index, phase) in phases.enumerated() {
            (pools + index).initialize(to: Pool(count: -phase, largest: allocate(shape.pooledWidth)))
        }
    }

    deinit {
        input.deallocate()
        patches.deallocate()
        output.deallocate()
        for index in phases.indices { pools[index].largest.deallocate() }
        pools.deinitialize(count: phases.count).deallocate()
    }

    func reset() {
        filled = 0
        for (index, phase) in phases.enumerated() { pools[index].count = -phase }
    }

    /// - Parameter frame: [bands, inputs].
    func append(_ frame: UnsafePointer<Float>) {
        (input + filled * shape.paddedWidth + shape.padding * shape.inputs)
            .update(from: frame, count: shape.bands * shape.inputs)
        filled += 1
    }

    /// Convolves all that was appended, hands on what completes a pool, with the place of its phase among `phases` and
    /// [pooledBands, outputs], and keeps what the next run needs.
    func process(_ emit: (_ phase: Int, UnsafePointer<Float>) -> Void) {
        let ready = filled - (shape.kernel.time - 1)
        guard ready > 0 else { return }
        convolve(ready)
        for position in 0..<ready {
            for phase in phases.indices {
                if pools[phase].count >= 0 {
                    pool(output + position * shape.bands * shape.outputs, into: pools[phase])
                }
                pools[phase].count += 1
                if pools[phase].count == shape.pool.time {
                    emit(phase, pools[phase].largest)
                    pools[phase].count = 0
                }
            }
        }
        let kept = shape.kernel.time - 1
        input.update(from: input + ready * shape.paddedWidth, count: kept * shape.paddedWidth)
        filled = kept
    }

    private func convolve(_ ready: Int) {
        guard shape.bands > 1 else {
            // The kernel sees whole frames: a weight is read once for several positions.
            layer.weight.apply(
                layer.bias, input, columns: ready, stride: shape.paddedWidth, rectify: shape.rectified, into: output)
            return
        }
        let segment = shape.kernel.frequency * shape.inputs
        for position in 0..<ready {
            for band in 0..<shape.bands {
                for time in 0..<shape.kernel.time {
                    (patches + band * shape.patchLength + time * segment).update(
                        from: input + (position + time) * shape.paddedWidth + band * shape.inputs, count: segment)
                }
            }
            layer.weight.apply(
                layer.bias, patches, columns: shape.bands, stride: shape.patchLength, rectify: shape.rectified,
                into: output + position * shape.bands * shape.outputs)
        }
    }

    /// Takes one position's bands into a pool.
    private func pool(_ bands: UnsafePointer<Float>, into pool: Pool) {
        for band in 0..<shape.pooledBands {
            let target = pool.largest + band * shape.outputs
            let first = bands + band * shape.pool.frequency * shape.outputs
            if pool.count == 0 {
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
