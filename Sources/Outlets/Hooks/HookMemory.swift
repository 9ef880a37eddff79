// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// What the hooks must know after a restart: how far they have read, what the rules have seen, and what is not delivered
/// yet. Times are the system's.
struct HookMemory: Codable, Sendable, Equatable {
    var position: FeedPosition?
    var engine = RuleEngine.Memory()
    var waiting: [HookDelivery] = []

    /// The most bytes of the file: the most events that wait need less.
    private static let longest = 64 << 20

    mutating func shift(by seconds: Double) {
        engine.shift(by: seconds)
        for index in waiting.indices { waiting[index].time += seconds }
    }

    /// Reads the file; a new memory if there is none.
    ///
    /// - Throws: if it cannot be read or understood.
    static func read(_ path: String) throws -> HookMemory {
        guard access(path, F_OK) == 0 else { return HookMemory() }
        return try JSON.decode(HookMemory.self, from: readWholeFile(path, limit: longest))
    }

    func write(to path: String) throws { try writeWholeFile(JSON.line(self), to: path) }
}
