// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Testing

@testable import Training

struct TrackNameTests {
    @Test func `a path below a genre gives a name that a list and a store keep`() {
        let latin = PathText.text([0x4D, 0xF6])
        for (path, name) in [
            ("Song", "Song"), ("Artist/Album/Song", "Artist%2FAlbum%2FSong"), ("100% Hits", "100% Hits"),
            ("a%2Fb", "a%252Fb"), ("a/b", "a%2Fb"), (latin, "M%F6"), ("Küche", "Küche"), ("two\nlines", "two%0Alines"),
            (" edge ", "%20edge%20"), ("…And", "…And"), (".hidden", "%2Ehidden"),
        ] {
            let track = TrackName(folder: "rock", path: path)
            #expect(track.description == "rock/\(name)")
            #expect(TrackName(track.description) == track)
        }
    }

    @Test func `long paths get different names that fit a file system`() {
        let long = String(repeating: "Ж", count: 200)
        let names = ["1", "2"].map { TrackName(folder: "rock", path: "\(long)/\($0)") }
        #expect(names[0] != names[1])
        #expect(names.allSatisfy { $0.track.utf8.count <= 250 && TrackName($0.description) == $0 })
    }
}
