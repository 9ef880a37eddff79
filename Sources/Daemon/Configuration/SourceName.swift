// SPDX-License-Identifier: GPL-3.0-or-later

/// The name of a source. Its characters are few, because it appears in logs, on the socket and in other programs' topics
/// and metrics.
struct SourceName {
    static let rule = "1 to 64 of a-z, A-Z, 0-9, dots, dashes and underscores"

    let text: String

    init?(_ text: String) {
        let isFit = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isFit, (1...64).contains(text.utf8.count) else { return nil }
        self.text = text
    }
}
