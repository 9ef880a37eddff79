// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// What a listener ought to know of a source while its stream goes on. It begins, and it ends.
package struct SourceNotice: Sendable, Equatable {
    /// At most one notice of each kind holds at a time. The names are those on the wire.
    package enum Kind: String, Sendable, CaseIterable {
        case muted
        case volumeZero = "volume-zero"
        case moved
        case channelsCancel = "channels-cancel"
        case doubtfulFormat = "doubtful-format"
    }

    package let kind: Kind
    /// A line for people: what is so or, if it is over, what is so again.
    package let text: String
    package let isOver: Bool

    package init(_ kind: Kind, _ text: String, isOver: Bool = false) {
        self.kind = kind
        self.text = text
        self.isOver = isOver
    }

    static func doubtfulFormat(
        _ verdict: FormatJudge.Verdict, _ declared: PCMEncoding, channels: Int
    ) -> SourceNotice {
        let text =
            switch verdict {
            case .encoding(let format):
                "this looks like \(format.rawValue), not \(declared.option): is format=\(format.rawValue) right?"
            case .channels(let count):
                "this looks like \(NumberText.counted(count, "channel")), not \(channels): is channels=\(count) right?"
            case .noNumbers:
                "most of this is no audio as \(declared.option): numbers far beyond full scale, or none at all; is the "
                    + "format right?"
            case .compressed:
                "this looks like compressed data, not like samples; decode it first: ffmpeg -i - -f wav -"
            case .digitalOutput:
                "this is encoded sound (AC-3 or DTS, as for a digital output), not samples; decode it first: "
                    + "ffmpeg -f spdif -i - -f wav -"
            }
        return SourceNotice(.doubtfulFormat, text)
    }

    init(_ notice: ChannelNotice) {
        self.init(
            .channelsCancel, notice.text ?? "the channels no longer cancel; listening to their mean",
            isOver: notice.text == nil)
    }
}

/// Why an open source delivers nothing for now.
package struct SourceSuspension: Sendable, Equatable {
    /// A line for people.
    package let text: String
    /// Whether there is nothing to hear, as from a sink that plays nothing; else something may be missed.
    package let isSilence: Bool

    package init(text: String, isSilence: Bool) {
        self.text = text
        self.isSilence = isSilence
    }
}
