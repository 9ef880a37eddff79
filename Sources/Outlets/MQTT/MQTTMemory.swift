// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// What an outlet keeps in its state folder between runs.
struct MQTTMemory: Codable, Equatable {
    /// The last change that the broker has acknowledged, with all before it.
    var position: FeedPosition?
    /// The retained topics that it has made for sources, which it removes when a source goes.
    var topics: Set<String> = []
    /// Instances of the daemon before the present one, the latest last: what they left is not another's.
    var former: [String] = []

    /// Reads it; a file that is damaged counts as none.
    static func read(_ path: String) throws -> MQTTMemory? {
        guard let bytes = try? readWholeFile(path, limit: 16 * 1024 * 1024) else { return nil }
        let memory = try JSON.decode(MQTTMemory.self, from: bytes)
        guard memory.position?.seq ?? 0 >= 0 else { return nil }
        return memory
    }

    func write(_ path: String) throws(FileError) { try writeWholeFile((try? JSON.line(self)) ?? [], to: path) }
}
