// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The network's shape: one or more branches that read the same cepstral coefficients, statistics over each branch's
/// positions in the window, and one linear layer over all statistics.
///
/// A branch over time convolves over time, with the coefficients as channels. A branch with bands first computes bands
/// from the coefficients by a linear layer and convolves over time and frequency (2-D blocks); the channels of its
/// remaining bands are the input channels of its 1-D blocks.
///
/// Over time, every convolution is *valid* (no padding at a window's edge), followed by ReLU and by max-pooling on an
/// absolute grid of frames. Windows that overlap therefore share their common results (Rybakov et al., "Streaming
/// keyword spotting on mobile devices", 2020). Over frequency, there are zeros beside the outermost bands.
package struct Architecture: Hashable, Sendable {
    /// `conv1d-statistics` or `branches-statistics`.
    package var kind: String
    package var branches: [Branch]
    /// Statistics over a branch's positions, in the order of the linear layer's inputs. The branches follow one
    /// another.
    package var statistics: [String]
    /// Added to the variance before the square root.
    package var stdEpsilon: Float

    /// Kind of an architecture with one branch over time.
    package static let kind = "conv1d-statistics"
    /// Kind of an architecture with any branches.
    package static let branchedKind = "branches-statistics"
    package static let statistics = ["mean", "max", "std"]

    package init(branches: [Branch], stdEpsilon: Float = 1e-5) {
        self.kind = branches.count == 1 && branches[0].blocks2d.isEmpty ? Self.kind : Self.branchedKind
        self.branches = branches
        self.statistics = Self.statistics
        self.stdEpsilon = stdEpsilon
    }

    /// An architecture with one branch over time.
    package init(blocks: [Block], stdEpsilon: Float = 1e-5) {
        self.init(branches: [Branch(blocks: blocks)], stdEpsilon: stdEpsilon)
    }

    /// The network's step: frames from one output of the last blocks to the next, equal for all branches.
    package var step: Int { branches.first?.step ?? 1 }

    /// Number of inputs of the linear layer.
    package var features: Int { branches.reduce(0) { $0 + $1.channels * statistics.count } }

    /// Number of weights and biases, for this number of coefficients and labels.
    package func parameterCount(coefficients: Int, labels: Int) -> Int {
        layers(coefficients: coefficients).joined().reduce(labels * (features + 1)) { $0 + $1.outputs * ($1.fan + 1) }
    }

    /// Multiplications per second of audio in incremental inference.
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

    /// Describes why this architecture cannot run on windows of this front end; nil if it can.
    package func problem(frontEnd: FrontEnd) -> String? {
        if kind != Self.kind && kind != Self.branchedKind {
            return "architecture kind '\(kind.prefix(40))' is unknown; this version runs '\(Self.kind)' and"
                + " '\(Self.branchedKind)'"
        }
        if statistics != Self.statistics { return "statistics must be \(Self.statistics)" }
        if !(1...4).contains(branches.count) { return "\(branches.count) branches; 1 to 4 are allowed" }
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
            return "it has \(weights) weights; at most \(Self.mostWeights) are allowed"
        }
        if step > Self.longestStep {
            return "it has an output every \(step) frames; at most every \(Self.longestStep) are allowed"
        }
        let cost = multiplicationsAtEveryFrame(frontEnd: frontEnd)
        if cost > Self.maximumCost {
            return
                "with an update every frame it takes \(Int(cost / 1e6)) million multiplications a second of audio; at"
                + " most \(Int(Self.maximumCost / 1e6)) million are allowed"
        }
        return nil
    }

    /// Multiplications per second of audio if windows begin at every frame. Pools then save no work in later layers.
    private func multiplicationsAtEveryFrame(frontEnd: FrontEnd) -> Double {
        layers(coefficients: frontEnd.coefficients).joined()
            .reduce(0) { $0 + Double($1.bands * $1.outputs * $1.fan) } / frontEnd.hopDuration
    }

    /// Multiplications per second that one core of a small computer still computes in real time.
    private static let maximumCost = 1e9
    /// Number of weights that fit the largest file in single precision.
    private static let mostWeights = 16_000_000
    /// In frames. This is also the largest number of copies of a layer if windows begin at every frame.
    private static let longestStep = 16
}

extension Architecture: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case kind, blocks, branches, statistics
        case stdEpsilon = "std_epsilon"
    }

    /// Decodes an architecture. `blocks` instead of `branches` means one branch over time; `kind`, `statistics` and
    /// `std_epsilon` are optional.
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
