// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// genrelab and files as people have them.
    struct MusicFolderTests {
        private let folder: TemporaryFolder
        private let tone: [UInt8]

        init() throws {
            folder = try TemporaryFolder()
            tone = WAV.file((0..<88_200).map { Float(sin(Double($0) / 8)) * 0.5 }, rate: 22_050)
        }

        @discardableResult
        private func lab(_ arguments: [String], status: Int32 = 0) throws -> String {
            try Programs.run(Programs.built("genrelab"), arguments, status: status)
        }

        /// Writes files, whose folders are made, by a shell: its names are bytes.
        private func write(_ bytes: [UInt8], to paths: String...) throws {
            let source = try folder.write(Data(bytes), to: "source")
            for path in paths {
                let command = "cd \(folder.path); f=$(printf '\(path)'); mkdir -p \"${f%/*}\"; cp '\(source)' \"$f\""
                try Programs.run("/bin/sh", ["-c", command])
            }
        }

        @Test func `music lies in artist and album folders, with covers and playlists between`() throws {
            try write(tone, to: "m/rock/A/One/Song.wav", "m/rock/A/Two/Song.wav", "m/jazz/Flat.wav")
            try write([0xFF, 0xD8, 0xFF], to: "m/rock/A/One/cover.jpg", "m/jazz/Flat.jpg", "m/rock/._Song.wav")
            try write(Array("#EXTM3U\n".utf8), to: "m/rock/A/list.m3u", "m/rock/A/One/notes.unknown")
            try Programs.run("/bin/sh", ["-c", "cd \(folder.file("m"))/rock; ln -s .. A/up; mkdir Empty"])
            let store = folder.file("f")
            let text = try lab(["extract", folder.file("m"), store])
            #expect(text.contains("3 tracks in"))
            #expect(
                text.contains("5 files that are no audio were passed over (2 jpg, 1 m3u, 1 other, 1 unknown)"),
                "\(text)")
            #expect(text.contains("A/up: not read a second time"))
            #expect(text.contains("Empty: no audio in this folder"))
            for name in ["rock/A%2FOne%2FSong", "rock/A%2FTwo%2FSong", "jazz/Flat"] {
                #expect(FileManager.default.fileExists(atPath: "\(store)/\(name).npy"), "\(name)")
            }
            // Audio that cannot be read is an error all the same.
            try write(Array("no audio".utf8), to: "m/rock/A/Two/Bad.mp3")
            #expect(try lab(["extract", folder.file("m"), store], status: 1).contains("Bad.mp3"))
        }

        @Test func `a Latin-1 name works, and is shown escaped`() throws {
            try write(tone, to: "m/x/M\\366tley.wav")
            let text = try lab(["extract", folder.file("m"), folder.file("f")])
            #expect(text.contains("1 track in"))
            #expect(FileManager.default.fileExists(atPath: folder.file("f/x/M%F6tley.npy")))
            let command = "cd \(folder.path); \(Programs.built("genrelab")) classify"
            let shown = try Programs.run("/bin/sh", ["-c", "\(command) m/x/M*"])
            #expect(shown.contains("M\\xF6tley.wav: "), "\(shown)")
            let json = try Programs.run("/bin/sh", ["-c", "\(command) --json m/x/M*"])
            #expect(
                json.contains(#""file":"m/x/M\#u{FFFD}tley.wav""#)
                    && json.contains(#""fileEncoded":"m/x/M%F6tley.wav""#))
            let heard = try Programs.run(
                Programs.built("genred"),
                [
                    "--history", "none", "--socket", folder.file("s"), "--source",
                    "s=file:\(folder.path)/m/x/M%F6tley.wav?pace=fast",
                ])
            #expect(heard.contains("M\\xF6tley.wav, S16 22050 Hz") && heard.contains("ended after 4 s"), "\(heard)")
        }

        @Test func `classify takes folders, FIFOs and names with a dash, and gives its own advice`() throws {
            try write(tone, to: "m/a/One.wav", "m/-dash.wav", "m/a/cover.jpg")
            let lab = Programs.built("genrelab")
            func shell(_ command: String, status: Int32 = 0) throws -> String {
                try Programs.run("/bin/bash", ["-c", "cd \(folder.file("m")); \(command)"], status: status)
            }
            let text = try shell("\(lab) classify .")
            #expect(text.contains("./a/One.wav: ") && text.contains("./-dash.wav: "))
            #expect(text.contains("1 file that is no audio was passed over (1 jpg)"))
            #expect(try shell("\(lab) classify <(cat a/One.wav)").contains("/dev/fd/"))
            #expect(try shell("\(lab) classify ./-dash.wav").contains("-dash.wav: "))
            #expect(try shell("\(lab) classify -dash.wav", status: 64).contains("is written ./-dash.wav"))
            #expect(try shell("\(lab) classify -- -dash.wav").contains("-dash.wav: "))
            for (argument, advice) in [
                ("pipe:/dev/fd/63", "write the path alone"), ("file:a/One.wav", "write the path alone"),
                ("alsa:default", "genred listens to it"), ("/dev/null", "genrelab takes files, folders, FIFOs"),
            ] {
                let text = try shell("\(lab) classify \(argument)", status: 1)
                #expect(text.contains(advice) && !text.contains("alsa:PCM") && !text.contains("write pipe:"), "\(text)")
            }
        }

        @Test(.enabled(if: Programs.has("ffmpeg")))
        func `what is damaged is said with its place, and the exit code tells`() throws {
            let path = folder.file("hole.mp3")
            try Programs.run(
                "/bin/sh",
                [
                    "-c",
                    "cd \(folder.path); mkdir -p m/x; ffmpeg -v error -f lavfi -i anoisesrc=r=48000:d=20:a=0.3 -b:a 128k hole.mp3;"
                        + " dd if=/dev/zero of=hole.mp3 bs=1000 seek=60 count=40 conv=notrunc status=none; cp hole.mp3 m/x",
                ])
            let text = try lab(["classify", path], status: 2)
            #expect(text.contains("hole.mp3: 2.4 s at 0:03.7 are damaged and were skipped"), "\(text)")
            #expect(!text.contains("libmpg123") && !text.contains("Illegal"))
            #expect(try lab(["classify", "--json", path], status: 2).contains(#""skipped":"2.4 s at 0:03.7"#))
            #expect(try lab(["extract", folder.file("m"), folder.file("f")], status: 2).contains("damaged"))
            #expect(try lab(["classify", path, "/nowhere.mp3"], status: 1).contains("No such file"))
        }
    }
}
