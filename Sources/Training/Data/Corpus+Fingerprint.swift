// SPDX-License-Identifier: GPL-3.0-or-later

extension Corpus {
    /// A hash of everything that decides how the tracks of a split are drawn and evaluated.
    func fingerprint(_ split: DataSplit) -> Fingerprint {
        var result = Fingerprint()
        // "held" is part of the hash: with another word no earlier checkpoint could be resumed.
        for (part, indices) in [("training", split.training), ("held", split.heldOut)] {
            result.add(part)
            for index in indices {
                let track = tracks[index]
                result.add(
                    "\(track.name):\(track.label):\(track.store):\(track.group):\(track.weight):"
                        + "\(sources[track.store].weight)")
                result.add(track.recording.fingerprint)
            }
        }
        for index in unlabelled(for: split) {
            result.add("\(unlabelled[index].name):\(unlabelled[index].group)")
            result.add(unlabelled[index].fingerprint)
        }
        return result
    }
}
