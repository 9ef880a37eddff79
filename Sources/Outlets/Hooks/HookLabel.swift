// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol

/// The labels that do not depend on the model.
enum HookLabel {
    static let starting = EstimateState.starting.rawValue
    static let silence = EstimateState.silence.rawValue
    static let noSignal = EstimateState.noSignal.rawValue
    static let stopped = Change.stopped
    static let noMusic = EstimateState.noMusic.rawValue
    /// What the shipped model calls audio that is not music: a rule on `no-music` means these, too.
    static let kindsOfNoMusic = ["speech", "noise"]

    static let states = EstimateState.allCases.filter { $0 != .genre }.map(\.rawValue) + [stopped]
}
