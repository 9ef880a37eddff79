// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The shape of the network: one or more branches that read the same cepstral coefficients, statistics of what each
/// leaves of the window, and one linear layer over all of them.
///
/// A branch convolves over time with the coefficients as channels, or first makes bands of them, a linear layer, and
/// convolves over time and frequency; the channels of the bands that are left then are the channels of 1-D blocks.
///
/// Over time every convolution is *valid* (no padding at a window's edge) and followed by ReLU and max-pooling on an
/// absolute grid of frames, so that two windows that overlap share all that they have in common (Rybakov et al.,
/// "Streaming keyword spotting on mobile devices", 2020). Over frequency there are zeros beside the outermost bands.
package struct Architecture: Hashable, Sendable {
    package var kind: String
    package var branches: [Branch]
    /// What is taken over the positions that are left of a branch, in the order of the head's inputs; the branches
    /// follow one another.
    package var statistics: [String]
    /// Added to the variance before its root.
    package var stdEpsilon: Float

    /// One branch over time.
    package static let kind = "conv1d-statistics"
    /// Any branches.
    package static let branchedKind = "branches-statistics"
    package static let statistics = ["mean", "max", "std"]

    package init(branches: [Branch], stdEpsilon: Float = 1e-5) {
        self.kind = branches.count == 1 && branches[0].blocks2d.isEmpty ? Self.kind : Self.branchedKind
        self.branches = branches
        self.statistics = Self.statistics
        self.stdEpsilon = stdEpsilon
    }

    /// One branch over time.
    package init(blocks: [Block], stdEpsilon: Float = 1e-5) {
        self.init(branches: [Branch(blocks: blocks)], stdEpsilon: stdEpsilon)
    }

    /// Frames from one output of the last blocks to the next: the network's step, of all branches alike.
    package var step: Int { branches.first?.step ?? 1 }

    /// Inputs of the linear layer.
    package var features: Int { branches.reduce(0) { $0 + $1.channels * statistics.count } }

    /// Weights and biases, given the input's coefficients and the number of labels.
    package func parameterCount(coefficients: Int, labels: Int) -> Int {
        layers(coefficients: coefficients).joined().reduce(labels * (features + 1)) { $0 + $1.outputs * ($1.fan + 1) }
    }

    /// Multiplications per second of audio in incremental use.
    package func multiplicationsPerSecond(frontEnd: FrontEnd, labels: Int) -> Double {
        var total = Double(labels * features) / Double(step) / frontEnd.hopDuration
        for branch in layers(coefficients: frontEnd.coefficients) {
            var rate = 1 / frontEnd.hopDuration
            for layer in branch {
                total += rate * Double(layer.bands * layer.outputs * layer.fan)
                rate /= Double(layer.pool.time)
            }
        }
        return total
    }

    /// What keeps this architecture from being run on windows of this front end, or nil.
    package func problem(frontEnd: FrontEnd) -> String? {
        if kind != Self.kind && kind != Self.branchedKind {
            return "architecture kind '\(kind.prefix(40))' is unknown; this version runs '\(Self.kind)' and"
                + " '\(Self.branchedKind)'"
        }
        if statistics != Self.statistics { return "statistics must be \(Self.statistics)" }
        if !(1...4).contains(branches.count) { return "\(branches.count) branches; 1 to 4 are possible" }
        if kind == Self.kind && (branches.count > 1 || !branches[0].blocks2d.isEmpty) {
            return "kind '\(Self.kind)' has one branch over time; branches are of kind '\(Self.branchedKind)'"
        }
        for (index, branch) in branches.enumerated() {
            if let problem = branch.problem(frontEnd: frontEnd) {
                return kind == Self.kind ? problem : "branch \(index): \(problem)"
            }
        }
        if let other = branches.firstIndex(where: { $0.step != step }) {
            return "branch \(other) has an output every \(branches[other].step) frames, branch 0 every \(step): the"
                + " products of their pools over time must be equal"
        }
        if !(stdEpsilon > 0 && stdEpsilon < 1) { return "std_epsilon must be between 0 and 1" }
        let weights = parameterCount(coefficients: frontEnd.coefficients, labels: 0)
        if weights > Self.mostWeights {
            return "it has \(weights) weights; at most \(Self.mostWeights) are possible"
        }
        if step > Self.longestStep {
            return "it has an output every \(step) frames; at most every \(Self.longestStep) are possible"
        }
        let cost = multiplicationsAtEveryFrame(frontEnd: frontEnd)
        if cost > Self.maximumCost {
            return
                "with an update every frame it takes \(Int(cost / 1e6)) million multiplications a second of audio; at"
                + " most \(Int(Self.maximumCost / 1e6)) million are possible"
        }
        return nil
    }

    /// Multiplications per second of audio where windows begin at every frame: no layer is then spared any by the pools
    /// before it.
    private func multiplicationsAtEveryFrame(frontEnd: FrontEnd) -> Double {
        layers(coefficients: frontEnd.coefficients).joined()
            .reduce(0) { $0 + Double($1.bands * $1.outputs * $1.fan) } / frontEnd.hopDuration
    }

    /// What one core of a small computer still does in time.
    private static let maximumCost = 1e9
    /// What the largest file has room for in single precision.
    private static let mostWeights = 16_000_000
    /// Frames. So many copies of a layer there are at most, where windows begin at every frame.
    private static let longestStep = 16
}

extension Architecture: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case kind, blocks, branches, statistics
        case stdEpsilon = "std_epsilon"
    }

    /// `blocks` is short for one branch over time; `kind`, `statistics` and `std_epsilon` may be left out.
    package init(from decoder: any Decoder) throws {
        let values = try JSON.container(of: "an architecture", decoder, keyedBy: CodingKeys.self)
        if let branches = try values.decodeIfPresent([Branch].self, forKey: .branches) {
            guard !values.contains(.blocks) else {
                throw JSON.refusal(decoder, "an architecture has 'blocks' or 'branches', not both")
            }
            self.init(branches: branches)
            kind = Self.branchedKind
        } else {
            self.init(blocks: try values.decode([Block].self, forKey: .blocks))
        }
        if let kind = try values.decodeIfPresent(String.self, forKey: .kind) { self.kind = kind }
        if let given = try values.decodeIfPresent([String].self, forKey: .statistics) { statistics = given }
        if let given = try values.decodeIfPresent(Float.self, forKey: .stdEpsilon) { stdEpsilon = given }
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(kind, forKey: .kind)
        if kind == Self.kind, branches.count == 1 {
            try values.encode(branches[0].blocks, forKey: .blocks)
        } else {
            try values.encode(branches, forKey: .branches)
        }
        try values.encode(statistics, forKey: .statistics)
        try values.encode(stdEpsilon, forKey: .stdEpsilon)
    }
}
