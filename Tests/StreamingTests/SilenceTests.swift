// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Model
import TestSupport
import Testing

@testable import Streaming

struct SilenceTests {
    /// Frames with pauses of many lengths. Silent frames are all zeros.
    private func frames(_ model: GenreModel) -> [(coefficients: [Float], isSilent: Bool)] {
        var generator = SplitMix(state: 7)
        let width = model.frontEnd.coefficients
        let pauses = [3, 99, 100, 101, 102, 103, 104, 105, 150, 333, 1000]
        return pauses.flatMap { pause in
            (0..<60).map { _ in ((0..<width).map { _ in generator.uniform(-20...20) }, false) }
                + (0..<pause).map { _ in ([Float](repeating: 0, count: width), true) }
        }
    }

    @Test(arguments: [small1DArchitecture, smallBranchedArchitecture], [1, 2, 4])
    func `the network skips silence without changing a bit of its results`(architecture: Architecture, step: Int) throws
    {
        let model = try randomModel(architecture: architecture)
        let all = IncrementalNetwork(model: model, step: step)
        let resting = RunningModel(model: model, step: step)
        let buffer = OwnedBuffer<Float>(repeating: 0, count: model.labels.count)
        let expected = buffer.elements
        let frames = frames(model)
        var windows = 0
        for (coefficients, isSilent) in frames {
            let isWindow = all.process(coefficients.span)
            coefficients.withUnsafeBufferPointer { resting.process($0, isSilent: isSilent) }
            guard isWindow else { continue }
            _ = expected.update(fromContentsOf: all.logits)
            model.calibrate(expected)
            let window = try #require(resting.lastWindowProbabilities)
            guard window.elementsEqual(expected) else {
                Issue.record("window \(windows) differs")
                return
            }
            windows += 1
        }
        #expect(windows > 500 / step)
        #expect(resting.framesComputed < frames.count - 1000, "\(resting.framesComputed) of \(frames.count)")
    }
}
