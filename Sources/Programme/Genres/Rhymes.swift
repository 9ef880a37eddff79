// SPDX-License-Identifier: GPL-3.0-or-later

/// Writes lines for an MC: couplets made of random beginnings and rhymes.
enum Rhymes {
    private static let beginnings = [
        "I step up to the microphone and", "the needle hits the record and we", "we roll along the avenue and",
        "my neighbours hear the kick drum and they", "I wrote it on the kitchen table and I",
        "the summer in the city makes us", "from the corner to the station we", "I never lost the rhythm when I",
        "the DJ drops another one to", "they told me keep it simple so I", "one time for the people who can",
        "I count another bar before I", "the bass is in the basement and we", "you heard it on the radio so",
    ]
    static let rhymes = [
        ["turn up the light", "stay up all night", "hold on so tight", "get it all right", "take it to flight"],
        ["run through the town", "never back down", "shake off the frown", "turn it around", "hear how it sound"],
        ["rise with the beat", "dance in the street", "move with the heat", "jump to our feet", "bring out the heat"],
        ["stay on the line", "know it is mine", "look for the sign", "do it in time", "step into rhyme"],
        ["know how to flow", "tell them hello", "put on a show", "take it down low", "get up and go"],
        ["make it all day", "hear what we say", "know how to play", "find our own way", "never delay"],
    ]

    /// Returns `count` lines that rhyme in pairs.
    static func lines(_ count: Int, random: inout RandomSource) -> [String] {
        var lines: [String] = []
        while lines.count < count {
            let family = random.pick(rhymes)
            let first = random.integer(in: 0...family.count - 1)
            let second = (first + random.integer(in: 1...family.count - 1)) % family.count
            for ending in [family[first], family[second]] { lines.append("\(random.pick(beginnings)) \(ending)") }
        }
        return Array(lines.prefix(count))
    }
}
