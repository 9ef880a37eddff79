// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

@testable import Training

struct TrainingNeedsTests {
    @Test(arguments: [SyntheticGenres.configuration, SyntheticGenres.distilledConfiguration])
    func `a plan says what it needs, and then trains the same network`(configuration: TrainingConfiguration) throws {
        let (corpus, _) = try TrainingTests.corpus(versions: 2)
        var configuration = configuration
        configuration.epochs = 1
        for index in configuration.teachers.indices { configuration.teachers[index].epochs = 2 }
        let plan = TrainingPlan(
            corpus: corpus, splits: [], trainsOnEverything: true, configuration: configuration, seed: 1)
        func model() throws -> [UInt8] {
            try TrainingTests.bytes(TrainingSession(plan: plan, checkpoints: nil, resumes: false).run { _ in }.model)
        }
        let before = try model()
        let needs = try plan.needs(workers: Workers(count: 2))
        #expect(needs.tracks == corpus.tracks.count && needs.networks == 1 + configuration.teachers.count)
        // Six tracks of 7 s.
        #expect(abs(needs.hours * 3600 - 6 * 7) < 1)
        let steps = configuration.stepsPerEpoch * (1 + 2 * configuration.teachers.count)
        #expect(needs.windows == steps * configuration.batch)
        #expect(needs.memory > plan.batchMemory && needs.memory < plan.batchMemory + 4 << 20)
        #expect(needs.seconds > 0 && needs.seconds.isFinite)
        #expect(try model() == before)
    }

    @Test(arguments: [
        ("flags\t\t: fpu sse2 avx avx2 fma bmi2 avx512f avx512dq avx512cd avx512bw avx512vl\n", "SKYLAKEX"),
        ("processor\t: 0\nflags\t\t: fpu sse2 avx avx2 fma avx512f\n", "HASWELL"),
        ("flags\t\t: fpu sse2 ssse3\n", nil), ("Features\t: fp asimd\n", nil), ("", nil),
    ])
    func `OpenBLAS gets the kernels of the widest registers`(processor: String, kernels: String?) {
        #expect(BLASKernels.better(flags: processor) == kernels)
    }
}
