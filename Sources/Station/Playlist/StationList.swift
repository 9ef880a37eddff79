// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// A list of stations: `.m3u` and `.pls`.
enum StationList {
    /// The most bytes of a list.
    static let largest = 256 * 1024
    /// The most stations that are taken from it.
    static let longest = 50
    /// How deep lists may name lists.
    static let depth = 3

    /// The URLs of an `.m3u`: each line that is no comment.
    static func m3u(_ bytes: [UInt8]) -> [String] {
        Array(StationText.lines(bytes).filter { !$0.hasPrefix("#") }.prefix(longest))
    }

    /// The URLs of a `.pls`, by their numbers: `File1=…`.
    static func pls(_ bytes: [UInt8]) -> [String] {
        var entries: [(number: Int, url: String)] = []
        for line in StationText.lines(bytes) {
            guard let equals = line.firstIndex(of: "=") else { continue }
            let key = StationText.trimmed(String(line[..<equals])).lowercased()
            guard key.hasPrefix("file"), let number = Int(key.dropFirst(4)) else { continue }
            let url = StationText.trimmed(String(line[line.index(after: equals)...]))
            if !url.isEmpty { entries.append((number, url)) }
        }
        // Of entries with the same number, the first is first.
        let order = entries.enumerated().sorted { ($0.element.number, $0.offset) < ($1.element.number, $1.offset) }
        return order.prefix(longest).map(\.element.url)
    }

    /// The station of a list to try: another one at each attempt.
    static func choose(_ entries: [String], attempt: Int, base: StationURL) throws(StationFailure) -> StationURL {
        guard !entries.isEmpty else { throw StationFailure("the playlist \(base.shown) is empty") }
        var (urls, refusal): ([StationURL], StationFailure?) = ([], nil)
        for entry in entries {
            do throws(StationFailure) {
                urls.append(try StationURL(entry, relativeTo: base))
            } catch {
                refusal = refusal ?? error
            }
        }
        guard !urls.isEmpty else {
            throw StationFailure("the playlist \(base.shown) names no station: \(refusal?.reason ?? "")")
        }
        return urls[attempt % urls.count]
    }
}
