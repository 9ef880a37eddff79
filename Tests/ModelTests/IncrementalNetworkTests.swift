// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

@testable import Model

struct IncrementalNetworkTests {
    static let architectures = [
        Architecture(blocks: [
            .init(channels: 24, kernel: 3, pool: 2), .init(channels: 20, kernel: 3, pool: 2),
            .init(channels: 16, kernel: 3, pool: 1),
        ]),
        Architecture(blocks: [.init(channels: 7, kernel: 1, pool: 1)]),
        Architecture(blocks: [.init(channels: 9, kernel: 5, pool: 3), .init(channels: 33, kernel: 2, pool: 2)]),
        Architecture(blocks: [
            .init(channels: 5, kernel: 15, pool: 1), .init(channels: 4, kernel: 3, pool: 4),
            .init(channels: 3, kernel: 2, pool: 2),
        ]),
        small2DArchitecture,
        // Bands that do not fill a pool, kernels over one axis only, one remaining band under a kernel of three.
        Architecture(branches: [
            .init(
                bands: 11,
                blocks2d: [
                    .init(channels: 5, kernel: .init(time: 1, frequency: 5), pool: .init(time: 3, frequency: 3)),
                    .init(channels: 7, kernel: .init(time: 4, frequency: 1), pool: .init(time: 1, frequency: 2)),
                    .init(channels: 6, kernel: .init(time: 2, frequency: 3), pool: .init(time: 1, frequency: 1)),
                ],
                blocks: [.init(channels: 8, kernel: 2, pool: 2)])
        ]),
        Architecture(branches: [
            .init(
                bands: 40,
                blocks2d: [
                    .init(channels: 3, kernel: .init(time: 7, frequency: 7), pool: .init(time: 1, frequency: 4))
                ],
                blocks: [.init(channels: 5, kernel: 1, pool: 1)])
        ]),
        smallBranchedArchitecture,
        // Branches of different lengths, with their pools in different order.
        Architecture(branches: [
            .init(blocks: [.init(channels: 6, kernel: 2, pool: 1), .init(channels: 5, kernel: 5, pool: 4)]),
            .init(blocks: [.init(channels: 4, kernel: 3, pool: 4)]),
            .init(blocks: [.init(channels: 9, kernel: 3, pool: 2), .init(channels: 3, kernel: 9, pool: 2)]),
        ]),
    ]

    @Test(arguments: architectures)
    func `incremental and whole-window inference agree`(architecture: Architecture) throws {
        let model = try randomModel(architecture: architecture)
        var generator = SplitMix(state: 5)
        let frames = (0..<160).map { _ in (0..<32).map { _ in generator.uniform(-20...20) } }
        // Windows at the architecture's own step, and at every divisor of it.
        for step in 1...architecture.step where architecture.step % step == 0 {
            let network = IncrementalNetwork(model: model, step: step)
            var windows = 0
            for count in 1...160 {
                let frame = frames[count - 1]
                let complete = network.process(frame.span)
                #expect(complete == (count >= 50 && (count - 50) % step == 0))
                guard complete else { continue }
                windows += 1
                let whole = model.logits(window: Array(frames[(count - 50)..<count].joined()), rounded: true)
                for (a, b) in zip(network.logits, whole) { #expect(abs(a - b) < 1e-4, "at frame \(count)") }
            }
            #expect(windows == (160 - 50) / step + 1)
        }
    }

    @Test(arguments: [architectures[0], small2DArchitecture, smallBranchedArchitecture])
    func `after a reset the network is as new`(architecture: Architecture) throws {
        let model = try randomModel(architecture: architecture)
        var generator = SplitMix(state: 6)
        let frames = (0..<70).map { _ in (0..<32).map { _ in generator.uniform(-20...20) } }
        for step in [1, architecture.step] {
            let network = IncrementalNetwork(model: model, step: step)
            for frame in frames.shuffled(using: &generator).prefix(63) { _ = network.process(frame.span) }
            network.reset()
            for frame in frames.prefix(50) { _ = network.process(frame.span) }
            let whole = model.logits(window: Array(frames.prefix(50).joined()), rounded: true)
            for (a, b) in zip(network.logits, whole) { #expect(abs(a - b) < 1e-4) }
        }
    }
}
