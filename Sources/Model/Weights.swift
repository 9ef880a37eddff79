/// The network's numbers, laid out as inference reads them: for each output channel one row over kernel position,
/// then input channel, so that a convolution is a dot product with consecutive frames.
struct Weights: Sendable {
    struct Layer: Sendable {
        var inputs: Int
        var outputs: Int
        var kernel: Int
        var pool: Int
        /// [outputs, kernel · inputs].
        var weight: WeightMatrix
        /// [outputs].
        var bias: [Float]
    }

    var layers: [Layer]
    /// [labels, features].
    var headWeight: WeightMatrix
    /// [labels].
    var headBias: [Float]

    /// Takes exactly the tensors that the architecture needs; anything else is an error.
    init(
        architecture: Architecture, coefficients: Int, labels: Int, tensors: [String: SafeTensors.Tensor]
    ) throws(ModelError) {
        var left = tensors
        func take(_ name: String, _ shape: [Int]) throws(ModelError) -> [Float] {
            guard let tensor = left.removeValue(forKey: name) else {
                throw ModelError(.badTensor, "tensor '\(name)' is missing")
            }
            guard tensor.shape == shape else {
                throw ModelError(
                    .badTensor, "tensor '\(name)' has shape \(tensor.shape); the architecture needs \(shape)")
            }
            guard tensor.values.allSatisfy(\.isFinite) else {
                throw ModelError(.badTensor, "tensor '\(name)' holds numbers that are not finite")
            }
            return tensor.values
        }
        layers = []
        var inputs = coefficients
        for (index, block) in architecture.blocks.enumerated() {
            let weight = try take("blocks.\(index).weight", [block.channels, inputs, block.kernel])
            let bias = try take("blocks.\(index).bias", [block.channels])
            layers.append(
                Layer(
                    inputs: inputs, outputs: block.channels, kernel: block.kernel, pool: block.pool,
                    weight: WeightMatrix(
                        Self.transposed(weight, rows: block.channels, inputs, block.kernel), rows: block.channels),
                    bias: bias))
            inputs = block.channels
        }
        headWeight = WeightMatrix(try take("head.weight", [labels, architecture.features]), rows: labels)
        headBias = try take("head.bias", [labels])
        if let name = left.keys.min() {
            throw ModelError(.badTensor, "tensor '\(name.prefix(60))' belongs to no layer of the architecture")
        }
    }

    /// The tensors that `init` takes.
    func tensors() -> [String: SafeTensors.Tensor] {
        var result: [String: SafeTensors.Tensor] = [:]
        for (index, layer) in layers.enumerated() {
            result["blocks.\(index).weight"] = SafeTensors.Tensor(
                shape: [layer.outputs, layer.inputs, layer.kernel],
                values: Self.transposed(layer.weight.floats, rows: layer.outputs, layer.kernel, layer.inputs))
            result["blocks.\(index).bias"] = SafeTensors.Tensor(shape: [layer.outputs], values: layer.bias)
        }
        result["head.weight"] = SafeTensors.Tensor(
            shape: [headWeight.rows, headWeight.length], values: headWeight.floats)
        result["head.bias"] = SafeTensors.Tensor(shape: [headBias.count], values: headBias)
        return result
    }

    /// [rows, a, b] → [rows, b, a].
    private static func transposed(_ values: [Float], rows: Int, _ a: Int, _ b: Int) -> [Float] {
        var result = [Float](repeating: 0, count: values.count)
        for row in 0..<rows {
            for i in 0..<a {
                for j in 0..<b { result[(row * b + j) * a + i] = values[(row * a + i) * b + j] }
            }
        }
        return result
    }
}
