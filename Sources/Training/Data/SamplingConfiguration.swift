// SPDX-License-Identifier: GPL-3.0-or-later

/// From which tracks windows are drawn. Genres are drawn equally often.
package struct SamplingConfiguration: Codable, Sendable, Equatable {
    /// The share of `no-music`, where there is such a label.
    package var noMusicShare = 0.12
    /// A track's chance goes by this power of its group's number of tracks: -1 gives groups equal shares.
    package var groupExponent = -0.5
    /// And by this power of its length.
    package var lengthExponent = 0.5
    /// A store's share of a genre goes, beside its weight, by this power of the sum of its tracks' trust: with 0 the
    /// stores share alike, and the few tracks of one are heard far too often; with 1 all tracks are alike.
    package var storeExponent = 0.5

    package init() {}

    var problem: String? {
        if !(0...0.9).contains(noMusicShare) { return "sampling.noMusicShare is \(noMusicShare); it must be 0 to 0.9" }
        if !(-2...2).contains(groupExponent) { return "sampling.groupExponent is \(groupExponent); it must be -2 to 2" }
        if !(0...1).contains(storeExponent) { return "sampling.storeExponent is \(storeExponent); it must be 0 to 1" }
        if !(-2...2).contains(lengthExponent) {
            return "sampling.lengthExponent is \(lengthExponent); it must be -2 to 2"
        }
        return nil
    }
}
