/// One layer on a stream: the last frames that its kernel needs, and the pooling that is not complete yet.
final class StreamingLayer {
    private let layer: Weights.Layer
    private let shape: LayerShape
    /// Frames with the zeros beside their bands, which nothing overwrites.
    private let input: UnsafeMutablePointer<Float>
    /// What the kernel sees of each band of one position, [bands, fan]; unused where that is consecutive in `input`.
    private let patches: UnsafeMutablePointer<Float>
    private let output: UnsafeMutablePointer<Float>
    private let pooled: UnsafeMutablePointer<Float>
    private var filled = 0
    private var pooledCount = 0

    /// - Parameter capacity: the most frames that are appended between two runs.
    init(layer: Weights.Layer, capacity: Int) {
        self.layer = layer
        shape = layer.shape
        func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
            let result = UnsafeMutablePointer<Float>.allocate(capacity: count)
            result.initialize(repeating: 0, count: count)
            return result
        }
        input = allocate((capacity + shape.kernel.time - 1) * shape.paddedWidth)
        patches = allocate(shape.bands > 1 ? shape.bands * shape.fan : 0)
        output = allocate(capacity * shape.bands * shape.outputs)
        pooled = allocate(shape.pooledWidth)
    }

    deinit {
        input.deallocate()
        patches.deallocate()
        output.deallocate()
        pooled.deallocate()
    }

    func reset() {
        filled = 0
        pooledCount = 0
    }

    /// - Parameter frame: [bands, inputs].
    func append(_ frame: UnsafePointer<Float>) {
        (input + filled * shape.paddedWidth + shape.padding * shape.inputs)
            .update(from: frame, count: shape.bands * shape.inputs)
        filled += 1
    }

    /// Convolves all that was appended, hands on what the pooling completes, [pooledBands, outputs], and keeps what the
    /// next run needs.
    func run(_ emit: (UnsafePointer<Float>) -> Void) {
        let ready = filled - (shape.kernel.time - 1)
        guard ready > 0 else { return }
        convolve(ready)
        for position in 0..<ready {
            pool(output + position * shape.bands * shape.outputs)
            pooledCount += 1
            if pooledCount == shape.pool.time {
                emit(pooled)
                pooledCount = 0
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
                    (patches + band * shape.fan + time * segment).update(
                        from: input + (position + time) * shape.paddedWidth + band * shape.inputs, count: segment)
                }
            }
            layer.weight.apply(
                layer.bias, patches, columns: shape.bands, stride: shape.fan, rectify: shape.rectified,
                into: output + position * shape.bands * shape.outputs)
        }
    }

    /// Takes one position's bands into `pooled`.
    private func pool(_ bands: UnsafePointer<Float>) {
        for band in 0..<shape.pooledBands {
            let target = pooled + band * shape.outputs
            let first = bands + band * shape.pool.frequency * shape.outputs
            if pooledCount == 0 {
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
