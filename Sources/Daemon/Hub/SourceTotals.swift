// SPDX-License-Identifier: GPL-3.0-or-later

/// What a source has delivered since the daemon started, or since it was configured: it never shrinks.
struct SourceTotals {
    /// Seconds of audio analysed.
    private(set) var audio = 0.0
    /// The number of changes of label.
    private(set) var changes = 0
    /// Seconds for which each label was published, of audio or, without a signal, of waiting.
    private(set) var labels: [String: Double] = [:]

    mutating func noteAudio(_ seconds: Double) { audio += max(0, seconds) }

    mutating func noteChange() { changes += 1 }

    mutating func add(_ seconds: Double, to label: String) { labels[label, default: 0] += seconds }
}
