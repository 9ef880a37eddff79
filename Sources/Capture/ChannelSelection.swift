// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// The channels of a source that are listened to (the option `use`).
struct ChannelSelection: Sendable, Equatable, CustomStringConvertible {
    static let rule = "channels such as 3 or 1,2, or left or right"

    /// Numbers from 1, each once, in order.
    let numbers: [Int]

    /// Parses `3`, `1,2`, `left` or `right`; nil for anything else.
    init?(_ text: String) {
        switch text {
        case "left": numbers = [1]
        case "right": numbers = [2]
        default:
            var parsed: Set<Int> = []
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                guard part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(part),
                    RequestedFormat.channelCounts.contains(number), parsed.insert(number).inserted
                else { return nil }
            }
            numbers = parsed.sorted()
        }
    }

    var description: String { numbers.map(String.init).joined(separator: ",") }

    /// The fewest channels that a device must have.
    var least: Int { numbers.last ?? 1 }

    /// The channels from 0; throws if the device has too few.
    func listened(ofChannels count: Int, device: String) throws(CaptureError) -> [Int] {
        guard least <= count else {
            throw CaptureError(
                .formatMismatch,
                "\(device) has \(NumberText.counted(count, "channel")), and the URI's use=\(description) needs \(least)"
            )
        }
        return numbers.map { $0 - 1 }
    }
}

extension ChannelSelection? {
    /// The channels from 0, or nil for all; throws if the device has too few.
    func listened(ofChannels count: Int, device: String) throws(CaptureError) -> [Int]? {
        guard let selection = self else { return nil }
        return try selection.listened(ofChannels: count, device: device)
    }
}
