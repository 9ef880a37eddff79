// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Model
import TestSupport
import Testing

@testable import Training

/// Whether Python with PyTorch is installed.
private let isPyTorchInstalled: Bool = (try? NpyTests.run("import torch, numpy"))?.status == 0

/// Compares the network and its gradients with PyTorch's, if PyTorch is installed.
@Suite(.enabled(if: isPyTorchInstalled)) struct PyTorchTests {
    static let architectures = [
        Architecture(blocks: [
            .init(channels: 24, kernel: 3, pool: 2), .init(channels: 20, kernel: 4, pool: 1),
            .init(channels: 28, kernel: 2, pool: 3),
        ]),
        Architecture(branches: [
            .init(
                bands: 30,
                blocks2d: [
                    .init(channels: 6, kernel: .init(time: 3, frequency: 3), pool: .init(time: 2, frequency: 2)),
                    .init(channels: 12, kernel: .init(time: 2, frequency: 5), pool: .init(time: 1, frequency: 4)),
                ],
                blocks: [.init(channels: 20, kernel: 3, pool: 2), .init(channels: 16, kernel: 2, pool: 1)])
        ]),
        Architecture(branches: [
            .init(blocks: [.init(channels: 18, kernel: 3, pool: 2), .init(channels: 14, kernel: 3, pool: 1)]),
            .init(
                bands: 24,
                blocks2d: [
                    .init(channels: 7, kernel: .init(time: 3, frequency: 3), pool: .init(time: 2, frequency: 2))
                ],
                blocks: [.init(channels: 12, kernel: 3, pool: 1)]),
        ]),
    ]

    /// An architecture as JSON, for Python.
    static func json(_ architecture: Architecture) throws -> String {
        String(decoding: try JSONEncoder().encode(architecture), as: UTF8.self)
    }

    /// Saves numbers to a file for Python.
    static func save(_ values: some Sequence<Float>, _ shape: [Int], _ path: String) throws {
        try writeFile(NpyArray(shape: shape, values: Array(values), isHalfPrecision: false).serialized(), to: path)
    }

    @Test(arguments: architectures) func `outputs and gradients of a step agree with PyTorch's`(
        architecture: Architecture
    ) throws {
        let folder = try TemporaryFolder()
        let batch = 40
        let shape = NetworkShape(architecture: architecture, coefficients: 32, frames: 50, labels: 5)
        let network = TrainingNetwork(shape: shape, batch: batch, workers: Workers(count: 2), seed: 11)
        var generator = CounterGenerator(seed: 12, purpose: .sample)
        for block in shape.blocks {
            for index in block.scale { network.parameters[index] = generator.uniform(0.5, 1.5) }
            for index in block.shift { network.parameters[index] = generator.uniform(-0.5, 0.5) }
        }
        for branch in network.branches {
            for index in 0..<branch.input.count { branch.input[index] = generator.normal() }
        }
        for window in 0..<batch {
            for label in 0..<5 { network.targets.pointer[window * 5 + label] = label == window % 5 ? 0.8 : 0.05 }
        }
        for (number, branch) in network.branches.enumerated() {
            try Self.save(branch.input, [batch, 50, branch.shape.inputs], folder.file("input\(number).npy"))
        }
        try Self.save(network.targets.elements, [batch, 5], folder.file("targets.npy"))
        try Self.save(network.parameters, [shape.count], folder.file("parameters.npy"))
        network.forward(.training(seed: 1, step: 0, dropout: 0))
        let logits = Array(network.logits.elements)
        let (loss, _) = network.backward()

        let result = try NpyTests.run(
            """
            import json, torch, torch.nn as nn, numpy as np
            load = lambda n: torch.from_numpy(np.load('\(folder.path)/' + n + '.npy'))
            p = load('parameters'); place = 0
            def take(*shape):
                global place
                n = int(np.prod(shape)); v = p[place:place+n].reshape(shape); place += n; return nn.Parameter(v.clone())
            f = nn.functional; architecture = json.loads('''\(try Self.json(architecture))'''); parameters = []
            def normalise(x, channels):
                scale, shift = take(channels), take(channels)
                parameters.extend([scale, shift])
                return torch.relu(f.batch_norm(x, None, None, scale, shift, training=True))
            found = []
            for number, branch in enumerate(architecture.get('branches', [architecture])):
                x = load(f'input{number}').transpose(1, 2); i = x.shape[1]
                if branch.get('blocks2d'):
                    x = x.transpose(1, 2)[:, None]; i = 1 # windows, channels, time, bands
                    for b in branch['blocks2d']:
                        (kt, kf), (pt, pf) = [(b[n]['time'], b[n]['frequency']) for n in ('kernel', 'pool')]
                        weight = take(b['channels'], kt, kf, i); parameters.append(weight); i = b['channels']
                        x = f.conv2d(x, weight.permute(0, 3, 1, 2), padding=(0, kf // 2))
                        x = f.max_pool2d(normalise(x, i), (pt, pf))
                    x = x.permute(0, 3, 1, 2).flatten(1, 2); i = x.shape[1]
                for b in branch['blocks']:
                    weight = take(b['channels'], b['kernel'], i); parameters.append(weight); i = b['channels']
                    x = f.max_pool1d(normalise(f.conv1d(x, weight.transpose(1, 2)), i), b['pool'])
                found.append(torch.cat([x.mean(-1), x.amax(-1), torch.sqrt(x.var(-1, unbiased=False) + 1e-5)], -1))
            weight, bias = take(5, sum(x.shape[1] for x in found)), take(5); parameters += [weight, bias]
            parts = weight.split([x.shape[1] for x in found], 1)
            predicted = [len(found) * x @ w.T + bias for x, w in zip(found, parts)]
            loss = sum(f.cross_entropy(s, load('targets')) for s in predicted) / len(predicted); loss.backward()
            logits = f.linear(torch.cat(found, -1), weight, bias)
            np.save('\(folder.path)/logits.npy', logits.detach().numpy())
            np.save('\(folder.path)/gradient.npy', torch.cat([q.grad.flatten() for q in parameters]).numpy())
            print(loss.item())
            """)
        #expect(result.status == 0)
        #expect(abs((Double(result.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 9) - loss) < 1e-5)
        let theirs = try NpyArray(contentsOf: folder.file("logits.npy")).values
        #expect(theirs.count == logits.count)
        for (ours, theirs) in zip(logits, theirs) { #expect(abs(ours - theirs) < 1e-4) }
        let gradient = try NpyArray(contentsOf: folder.file("gradient.npy")).values
        #expect(gradient.count == shape.count)
        for (ours, theirs) in zip(network.gradient.elements, gradient) { #expect(abs(ours - theirs) < 1e-4) }
    }

    /// The Python code in docs/training.md.
    static func documentedNetwork() throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("docs/training.md"), encoding: .utf8)
        let start = try #require(text.range(of: "```python\n"))
        let end = try #require(text.range(of: "```", range: start.upperBound..<text.endIndex))
        return String(text[start.upperBound..<end.lowerBound])
    }

    @Test(arguments: architectures)
    func `the documented PyTorch network agrees with an exported model`(architecture: Architecture) throws {
        let folder = try TemporaryFolder()
        let shape = NetworkShape(architecture: architecture, coefficients: 32, frames: 50, labels: 5)
        let tensors = shape.tensors(
            parameters: shape.initialParameters(seed: 3), running: RunningStatistics(shape: shape),
            inputTransforms: architecture.branches.map { InputTransform(ignoringTopBands: 0, bands: $0.bands) })
        let model = try GenreModel(
            architecture: architecture, labels: ["a", "b", "c", "d", "e"], temperature: 1.5, card: [:],
            tensors: tensors)
        try ModelExchange.export(model, weights: folder.file("w.safetensors"), description: folder.file("d.json"))
        var generator = CounterGenerator(seed: 4, purpose: .sample)
        let window = (0..<(50 * 32)).map { _ in generator.normal() * 5 }
        try Self.save(window, [50, 32], folder.file("window.npy"))
        let program = """
            \(try Self.documentedNetwork())
            import json, struct, numpy as np
            d = json.load(open('\(folder.file("d.json"))'))
            b = open('\(folder.file("w.safetensors"))', 'rb').read(); n = struct.unpack('<Q', b[:8])[0]; h = json.loads(b[8:8+n])
            state = {k: torch.from_numpy(np.frombuffer(b[8+n:][slice(*v['data_offsets'])], '<f4').reshape(v['shape']).copy())
                     for k, v in h.items() if k != '__metadata__'}
            net = Genres(d['architecture'], len(d['labels']))
            if 'branches' not in d['architecture']:
                state = {k if k.startswith('head') else 'branches.0.' + k: v for k, v in state.items()}
            net.load_state_dict(state)
            x = torch.from_numpy(np.load('\(folder.file("window.npy"))')).T[None]
            print(*net(x)[0].tolist())
            """
        let result = try NpyTests.run(program)
        #expect(result.status == 0)
        let theirs = result.output.split(whereSeparator: \.isWhitespace).compactMap { Float($0) }
        #expect(theirs.count == 5)
        for (ours, theirs) in zip(model.logits(window: window, rounded: false), theirs) {
            #expect(abs(ours - theirs) < 1e-4)
        }

        let back = try ModelExchange.model(weights: folder.file("w.safetensors"), description: folder.file("d.json"))
        #expect(back.logits(window: window, rounded: false) == model.logits(window: window, rounded: false))
        #expect(back.temperature == 1.5)
    }
}
