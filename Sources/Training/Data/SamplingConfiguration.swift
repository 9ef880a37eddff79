// SPDX-License-Identifier: GPL-3.0-or-later

/// How tracks are drawn for training windows.
package struct SamplingConfiguration: Codable, Sendable, Equatable {
    /// Share of windows that are `no-music`, if there is such a label.
    package var noMusicShare = 0.12
    /// Power of the sum of a genre's track weights, which decides its share of the music: with 0 genres are drawn equally
    /// often, with 1 as often as they occur.
    package var genreExponent = 0.0
    /// Power of the number of tracks in a track's group, a factor of its probability: -1 gives groups equal shares.
    package var groupExponent = -0.5
    /// Power of a track's length, the other factor.
    package var lengthExponent = 0.5
    /// Power of the sum of a store's track weights in a genre, which with the store's own weight decides its share of the
    /// genre. With 0 stores have equal shares, and the tracks of a small store are repeated far too often; with 1
    /// all tracks have equal shares.
    package var storeExponent = 0.5

    package init() {}

    var problem: String? {
        if !(0...0.9).contains(noMusicShare) { return "sampling.noMusicShare is \(noMusicShare); it must be 0 to 0.9" }
        if !(0...1).contains(genreExponent) { return "sampling.genreExponent is \(genreExponent); it must be 0 to 1" }
        if !(-2...2).contains(groupExponent) { return "sampling.groupExponent is \(groupExponent); it must be -2 to 2" }
        if !(0...1).contains(storeExponent) { return "sampling.storeExponent is \(storeExponent); it must be 0 to 1" }
        if !(-2...2).contains(lengthExponent) {
            return "sampling.lengthExponent is \(lengthExponent); it must be -2 to 2"
        }
        return nil
    }
}
