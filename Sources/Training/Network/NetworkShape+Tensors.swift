// SPDX-License-Identifier: GPL-3.0-or-later

import Model

extension NetworkShape {
    /// The tensors of a `GenreModel`. Batch normalisation is folded into the convolution before it. A branch's input
    /// transform is folded into its first convolution, or becomes the linear layer that makes its bands.
    func tensors(
        parameters: [Float], running: RunningStatistics, inputTransforms: [InputTransform]
    ) -> [String: SafeTensors.Tensor] {
        var result: [String: SafeTensors.Tensor] = [:]
        let layers = architecture.layers(coefficients: inputTransforms.first?.coefficients ?? 0)
        for (layers, transform) in zip(layers, inputTransforms) {
            guard let input = layers.first, !input.rectified else { continue }
            result["\(input.name).weight"] = SafeTensors.Tensor(
                shape: input.tensorShape,
                values: transform.projection.indices.map {
                    Float(transform.projection[$0] / transform.deviation[$0 / transform.coefficients])
                })
            result["\(input.name).bias"] = SafeTensors.Tensor(
                shape: [input.outputs], values: zip(transform.mean, transform.deviation).map { Float(-$0 / $1) })
        }
        // Key: the block that the transform is folded into.
        var folded: [Int: InputTransform] = [:]
        for (number, branch) in branches.enumerated() where architecture.branches[number].blocks2d.isEmpty {
            folded[branch.blocks.lowerBound] = inputTransforms[number]
        }
        for (index, block) in blocks.enumerated() {
            let layer = block.layer
            var weight: [Float] = []
            var bias: [Float] = []
            for output in 0..<layer.outputs {
                let variance = Double(running.values[running.variance(index).lowerBound + output])
                let mean = Double(running.values[running.mean(index).lowerBound + output])
                let scale =
                    Double(parameters[block.scale.lowerBound + output])
                    / (variance + Double(TrainingNetwork.epsilon)).squareRoot()
                var shift = Double(parameters[block.shift.lowerBound + output]) - mean * scale
                for tap in 0..<layer.kernel.area {
                    let first = block.weight.lowerBound + (output * layer.kernel.area + tap) * layer.inputs
                    var values = (0..<layer.inputs).map { Double(parameters[first + $0]) * scale }
                    if let transform = folded[index] {
                        let result = transform.fold(values)
                        values = result.weights
                        shift += result.shift
                    }
                    weight += values.map(Float.init)
                }
                bias.append(Float(shift))
            }
            result["\(layer.name).weight"] = SafeTensors.Tensor(
                shape: layer.tensorShape,
                values: Architecture.transposed(weight, rows: layer.outputs, layer.kernel.area, layer.inputs))
            result["\(layer.name).bias"] = SafeTensors.Tensor(shape: [layer.outputs], values: bias)
        }
        result["head.weight"] = SafeTensors.Tensor(shape: [labels, features], values: Array(parameters[headWeight]))
        result["head.bias"] = SafeTensors.Tensor(shape: [labels], values: Array(parameters[headBias]))
        return result
    }
}
