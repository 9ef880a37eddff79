// SPDX-License-Identifier: GPL-3.0-or-later

import Model

package let small1DArchitecture = Architecture(blocks: [
    .init(channels: 24, kernel: 3, pool: 2), .init(channels: 20, kernel: 3, pool: 2),
    .init(channels: 16, kernel: 3, pool: 1),
])

/// A branch over time and frequency like that of the shipped model, with fewer channels.
package let small2DArchitecture = Architecture(branches: [
    .init(
        bands: 32,
        blocks2d: [
            .init(channels: 8, kernel: .init(time: 3, frequency: 3), pool: .init(time: 2, frequency: 2)),
            .init(channels: 16, kernel: .init(time: 3, frequency: 3), pool: .init(time: 2, frequency: 2)),
            .init(channels: 20, kernel: .init(time: 3, frequency: 3), pool: .init(time: 1, frequency: 2)),
        ],
        blocks: [.init(channels: 24, kernel: 3, pool: 1)])
])

/// Two branches like those of the shipped model, with fewer channels.
package let smallBranchedArchitecture = Architecture(branches: [
    .init(blocks: [
        .init(channels: 14, kernel: 3, pool: 2), .init(channels: 12, kernel: 3, pool: 2),
        .init(channels: 10, kernel: 3, pool: 1),
    ]),
    small2DArchitecture.branches[0],
])

/// A small network with reproducible random weights, to test properties that do not depend on the weights.
package func randomModel(
    architecture: Architecture = small1DArchitecture,
    labels: [String] = ["blues", "jazz", "rock", GenreModel.noMusic], noMusic: [String]? = nil, seed: UInt64 = 1
) throws -> GenreModel {
    var generator = SplitMix(state: seed)
    func tensor(_ shape: [Int], _ scale: Float) -> SafeTensors.Tensor {
        let count = shape.reduce(1, *)
        return SafeTensors.Tensor(shape: shape, values: (0..<count).map { _ in generator.uniform(-scale...scale) })
    }
    var tensors: [String: SafeTensors.Tensor] = [:]
    for branch in architecture.layers(coefficients: FrontEnd.version1.coefficients) {
        for (index, layer) in branch.enumerated() {
            let scale = 1.7 / Float(layer.fan).squareRoot() / (index == 0 ? 20 : 1)
            tensors["\(layer.name).weight"] = tensor(layer.tensorShape, scale)
            tensors["\(layer.name).bias"] = tensor([layer.outputs], 0.1)
        }
    }
    tensors["head.weight"] = tensor(
        [labels.count, architecture.features], 1 / Float(architecture.features).squareRoot())
    tensors["head.bias"] = tensor([labels.count], 0.1)
    return try GenreModel(
        architecture: architecture, labels: labels, noMusic: noMusic, temperature: 0.7, card: [:], tensors: tensors)
}
