import Model

extension NetworkShape {
    /// The tensors of a `GenreModel`: batch normalisation folded into the convolution before it, the input's
    /// transform into the first.
    func tensors(
        parameters: [Float], running: RunningStatistics, inputTransform: InputTransform
    ) -> [String: SafeTensors.Tensor] {
        var result: [String: SafeTensors.Tensor] = [:]
        for (index, block) in blocks.enumerated() {
            var weight = [Float](repeating: 0, count: block.weight.count)
            var bias = [Float](repeating: 0, count: block.outputs)
            for output in 0..<block.outputs {
                let variance = Double(running.values[running.variance(index).lowerBound + output])
                let mean = Double(running.values[running.mean(index).lowerBound + output])
                let scale =
                    Double(parameters[block.scale.lowerBound + output])
                    / (variance + Double(TrainingNetwork.epsilon)).squareRoot()
                var shift = Double(parameters[block.shift.lowerBound + output]) - mean * scale
                for tap in 0..<block.kernel {
                    let first = block.weight.lowerBound + (output * block.kernel + tap) * block.inputs
                    var values = (0..<block.inputs).map { Double(parameters[first + $0]) * scale }
                    if index == 0 {
                        let folded = inputTransform.fold(values)
                        values = folded.weights
                        shift += folded.shift
                    }
                    // From [out, kernel, in] to the file's [out, in, kernel].
                    for input in 0..<block.inputs {
                        weight[(output * block.inputs + input) * block.kernel + tap] = Float(values[input])
                    }
                }
                bias[output] = Float(shift)
            }
            result["blocks.\(index).weight"] = SafeTensors.Tensor(
                shape: [block.outputs, block.inputs, block.kernel], values: weight)
            result["blocks.\(index).bias"] = SafeTensors.Tensor(shape: [block.outputs], values: bias)
        }
        result["head.weight"] = SafeTensors.Tensor(shape: [labels, features], values: Array(parameters[headWeight]))
        result["head.bias"] = SafeTensors.Tensor(shape: [labels], values: Array(parameters[headBias]))
        return result
    }
}
