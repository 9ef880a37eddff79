import Model

extension NetworkShape {
    /// The tensors of a `GenreModel`: batch normalisation folded into the convolution before it, the input's
    /// transform into the first, or before it as the 2-D kind's linear layer.
    func tensors(
        parameters: [Float], running: RunningStatistics, inputTransform: InputTransform
    ) -> [String: SafeTensors.Tensor] {
        var result: [String: SafeTensors.Tensor] = [:]
        if architecture.kind == Architecture.kind2d {
            let (bands, coefficients) = (inputTransform.outputs, inputTransform.coefficients)
            result["input.weight"] = SafeTensors.Tensor(
                shape: [bands, coefficients],
                values: (0..<(bands * coefficients)).map {
                    Float(inputTransform.projection[$0] / inputTransform.deviation[$0 / coefficients])
                })
            result["input.bias"] = SafeTensors.Tensor(
                shape: [bands],
                values: zip(inputTransform.mean, inputTransform.deviation).map { Float(-$0 / $1) })
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
                    if index == 0 && architecture.kind == Architecture.kind {
                        let folded = inputTransform.fold(values)
                        values = folded.weights
                        shift += folded.shift
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
