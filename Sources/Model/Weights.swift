// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The network's weights as the model file gives them. Each output channel has one row over kernel position, then input
/// channel, so that a convolution is a dot product with consecutive frames.
struct Weights: Sendable {
    struct Layer: Sendable {
        let shape: LayerShape
        /// As in the file: [out, in], followed by the kernel's dimensions.
        let tensor: SafeTensors.Tensor
        /// [outputs].
        var bias: [Float]

        /// [outputs, fan].
        var weight: [Float] { (0..<shape.outputs).flatMap(row) }

        /// One output's weights, [fan]. They are converted and transposed here, so that a start does not have all weights
        /// in memory three times.
        func row(_ output: Int) -> [Float] {
            let values = tensor.values(output * shape.fan..<(output + 1) * shape.fan)
            return Architecture.transposed(values, rows: 1, shape.inputs, shape.kernel.area)
        }
    }

    /// Layers of each branch.
    var branches: [[Layer]]
    /// The linear layer, from features to labels.
    var head: Layer

    /// Reads the tensors, which must be exactly those that the architecture needs.
    ///
    /// - Throws: `badTensor`.
    init(
        architecture: Architecture, coefficients: Int, labels: Int, tensors: [String: SafeTensors.Tensor]
    ) throws(ModelError) {
        var left = tensors
        func take(_ name: String, _ shape: [Int]) throws(ModelError) -> SafeTensors.Tensor {
            guard let tensor = left.removeValue(forKey: name) else {
                throw ModelError(.badTensor, "tensor '\(name)' is missing")
            }
            guard tensor.shape == shape else {
                throw ModelError(
                    .badTensor, "tensor '\(name)' has shape \(tensor.shape); the architecture needs \(shape)")
            }
            guard tensor.isFinite else {
                throw ModelError(.badTensor, "tensor '\(name)' holds numbers that are not finite")
            }
            return tensor
        }
        func layer(_ shape: LayerShape) throws(ModelError) -> Layer {
            Layer(
                shape: shape, tensor: try take("\(shape.name).weight", shape.tensorShape),
                bias: try take("\(shape.name).bias", [shape.outputs]).values)
        }
        branches = []
        for shapes in architecture.layers(coefficients: coefficients) {
            var layers: [Layer] = []
            for shape in shapes { layers.append(try layer(shape)) }
            branches.append(layers)
        }
        head = try layer(architecture.head(labels: labels))
        if let name = left.keys.min() {
            throw ModelError(.badTensor, "tensor '\(name.prefix(60))' belongs to no layer of the architecture")
        }
    }

    /// The tensors from which `init` makes these weights.
    func tensors() -> [String: SafeTensors.Tensor] {
        var result: [String: SafeTensors.Tensor] = [:]
        for layer in branches.joined() + [head] {
            result["\(layer.shape.name).weight"] = layer.tensor
            result["\(layer.shape.name).bias"] = SafeTensors.Tensor(shape: [layer.shape.outputs], values: layer.bias)
        }
        return result
    }
}
