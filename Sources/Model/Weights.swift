// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The network's weights as the model file gives them. Each output channel has one row over kernel position, then input
/// channel, so that a convolution is a dot product with consecutive frames.
struct Weights: Sendable {
    struct Layer: Sendable {
        var shape: LayerShape
        /// [outputs, fan].
        var weight: [Float]
        /// [outputs].
        var bias: [Float]
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
        func take(_ name: String, _ shape: [Int]) throws(ModelError) -> [Float] {
            guard let tensor = left.removeValue(forKey: name) else {
                throw ModelError(.badTensor, "tensor '\(name)' is missing")
            }
            guard tensor.shape == shape else {
                throw ModelError(
                    .badTensor, "tensor '\(name)' has shape \(tensor.shape); the architecture needs \(shape)")
            }
            guard tensor.values.allSatisfy({ $0.isFinite }) else {
                throw ModelError(.badTensor, "tensor '\(name)' holds numbers that are not finite")
            }
            return tensor.values
        }
        branches = []
        for shapes in architecture.layers(coefficients: coefficients) {
            var layers: [Layer] = []
            for shape in shapes {
                let weight = try take("\(shape.name).weight", shape.tensorShape)
                let bias = try take("\(shape.name).bias", [shape.outputs])
                let rows = Architecture.transposed(weight, rows: shape.outputs, shape.inputs, shape.kernel.area)
                layers.append(Layer(shape: shape, weight: rows, bias: bias))
            }
            branches.append(layers)
        }
        let shape = architecture.head(labels: labels)
        head = Layer(
            shape: shape, weight: try take("head.weight", shape.tensorShape), bias: try take("head.bias", [labels]))
        if let name = left.keys.min() {
            throw ModelError(.badTensor, "tensor '\(name.prefix(60))' belongs to no layer of the architecture")
        }
    }

    /// The tensors from which `init` makes these weights.
    func tensors() -> [String: SafeTensors.Tensor] {
        var result: [String: SafeTensors.Tensor] = [:]
        for layer in branches.joined() {
            let shape = layer.shape
            result["\(shape.name).weight"] = SafeTensors.Tensor(
                shape: shape.tensorShape,
                values: Architecture.transposed(
                    layer.weight, rows: shape.outputs, shape.kernel.area, shape.inputs))
            result["\(shape.name).bias"] = SafeTensors.Tensor(shape: [shape.outputs], values: layer.bias)
        }
        result["head.weight"] = SafeTensors.Tensor(shape: head.shape.tensorShape, values: head.weight)
        result["head.bias"] = SafeTensors.Tensor(shape: [head.bias.count], values: head.bias)
        return result
    }
}
