// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Model
import Testing

@testable import Training

struct GradientTests {
    /// Architectures that reach every code path: pools of 1 to 3, positions and bands outside all pools, kernels of 1 to 5,
    /// a single block, more and fewer channels than a SIMD vector has, and a kernel wider than the remaining bands.
    static let architectures = [
        Architecture(blocks: [.init(channels: 6, kernel: 3, pool: 2), .init(channels: 5, kernel: 3, pool: 1)]),
        Architecture(blocks: [.init(channels: 4, kernel: 4, pool: 3), .init(channels: 7, kernel: 1, pool: 2)]),
        Architecture(blocks: [.init(channels: 9, kernel: 2, pool: 1)], stdEpsilon: 0.1),
        Architecture(branches: [
            .init(
                bands: 7,
                blocks2d: [
                    .init(channels: 5, kernel: .init(time: 3, frequency: 3), pool: .init(time: 2, frequency: 2)),
                    .init(channels: 8, kernel: .init(time: 2, frequency: 5), pool: .init(time: 1, frequency: 3)),
                ],
                blocks: [.init(channels: 6, kernel: 2, pool: 1)])
        ]),
        Architecture(branches: [
            .init(
                bands: 4,
                blocks2d: [
                    .init(channels: 11, kernel: .init(time: 4, frequency: 1), pool: .init(time: 3, frequency: 1))
                ],
                blocks: [.init(channels: 3, kernel: 1, pool: 2)])
        ]),
        Architecture(branches: [
            .init(blocks: [.init(channels: 6, kernel: 3, pool: 2), .init(channels: 5, kernel: 3, pool: 1)]),
            .init(
                bands: 6,
                blocks2d: [
                    .init(channels: 4, kernel: .init(time: 2, frequency: 3), pool: .init(time: 2, frequency: 2))
                ],
                blocks: [.init(channels: 7, kernel: 3, pool: 1)]),
            .init(blocks: [.init(channels: 3, kernel: 5, pool: 2)]),
        ]),
    ]

    /// A network with random parameters and inputs and more windows than a part has, and its reference network.
    static func networks(
        _ architecture: Architecture, dropout: Float, batch: Int = 37, workers: Int = 2
    ) -> (TrainingNetwork, ReferenceNetwork, TrainingNetwork.Mode) {
        let shape = NetworkShape(architecture: architecture, coefficients: 4, frames: 17, labels: 3)
        let network = TrainingNetwork(shape: shape, batch: batch, workers: Workers(count: workers), seed: 5)
        var generator = CounterGenerator(seed: 77, purpose: .sample)
        for index in network.parameters.indices { network.parameters[index] += generator.uniform(-0.3, 0.3) }
        for branch in network.branches {
            for index in 0..<branch.input.count { branch.input[index] = generator.normal() }
        }
        for window in 0..<batch {
            let raw = (0..<3).map { _ in generator.uniform(0.01, 1) }
            for label in 0..<3 { network.targets.pointer[window * 3 + label] = raw[label] / raw.reduce(0, +) }
        }
        let mode = TrainingNetwork.Mode.training(seed: 3, step: 4, dropout: dropout)
        network.forward(mode)
        func rows(_ values: UnsafeMutableBufferPointer<Float>, _ width: Int, _ row: Int) -> [Double] {
            (0..<width).map { Double(values[row * width + $0]) }
        }
        let reference = ReferenceNetwork(
            shape: shape,
            inputs: network.branches.map { branch in
                (0..<batch).map { window in
                    (0..<17).map { rows(branch.input, branch.shape.inputs, window * 17 + $0) }
                }
            },
            targets: (0..<batch).map { rows(network.targets.elements, 3, $0) },
            mask: (0..<batch).map { rows(network.dropoutMask.elements, shape.features, $0) })
        return (network, reference, mode)
    }

    @Test(arguments: architectures, [Float(0), 0.4])
    func `every derivative agrees with a finite difference`(architecture: Architecture, dropout: Float) {
        let (network, reference, _) = Self.networks(architecture, dropout: dropout)
        let logits = reference.logits(network.parameters.map(Double.init)).flatMap(\.mean)
        for (index, value) in logits.enumerated() { #expect(abs(Double(network.logits.pointer[index]) - value) < 1e-4) }
        let (loss, _) = network.backward()
        var parameters = network.parameters.map(Double.init)
        #expect(abs(loss - reference.loss(parameters)) < 1e-5)

        var checked = 0
        let step = 1e-5
        for index in stride(from: 0, to: parameters.count, by: max(1, parameters.count / 150)) {
            let kept = parameters[index]
            parameters[index] = kept + step
            let above = reference.loss(parameters)
            parameters[index] = kept - step
            let below = reference.loss(parameters)
            parameters[index] = kept
            let difference = (above - below) / (2 * step)
            let derivative = Double(network.gradient.pointer[index])
            #expect(
                abs(derivative - difference) < 2e-5 + 2e-3 * abs(difference), "parameter \(index) of \(network.shape)")
            checked += 1
        }
        #expect(checked >= 100)
    }

    @Test(arguments: architectures)
    func `the slope along each layer's gradient is its norm`(architecture: Architecture) {
        let (network, reference, _) = Self.networks(architecture, dropout: 0.2)
        _ = network.backward()
        let shape = network.shape
        let ranges = shape.blocks.flatMap { [$0.weight, $0.scale, $0.shift] } + [shape.headWeight, shape.headBias]
        for range in ranges {
            let gradient = range.map { Double(network.gradient.pointer[$0]) }
            let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
            #expect(norm > 1e-6)
            let parameters = network.parameters.map(Double.init)
            func loss(_ step: Double) -> Double {
                var moved = parameters
                for (index, slope) in zip(range, gradient) { moved[index] += step * slope / norm }
                return reference.loss(moved)
            }
            let slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
            #expect(abs(slope - norm) < 1e-3 * norm + 1e-6)
        }
    }

    @Test(arguments: [architectures[0], architectures[3], architectures[5]])
    func `the number of workers changes no bit of the gradient`(architecture: Architecture) {
        let gradients = [1, 2, 5].map { workers in
            let (network, _, _) = Self.networks(architecture, dropout: 0.3, batch: 150, workers: workers)
            let (loss, hits) = network.backward()
            return (loss, hits, (0..<network.shape.count).map { network.gradient.pointer[$0].bitPattern })
        }
        for other in gradients.dropFirst() { #expect(other == gradients[0]) }
    }
}
