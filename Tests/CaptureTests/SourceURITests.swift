// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Testing

@testable import Capture

struct SourceURITests {
    @Test(arguments: [
        ("alsa:default", "alsa:default", SourceURI.Kind.alsa),
        ("alsa:hw:CARD=Radio,DEV=0", "alsa:hw:CARD=Radio,DEV=0", .alsa),
        ("ALSA:hw:1,0", "alsa:hw:1,0", .alsa),
        (
            "alsa:plug:'hw:0'?format=s24le&rate=96000&channels=8",
            "alsa:plug:'hw:0'?rate=96000&channels=8&format=s24le", .alsa
        ),
        ("pulse:@DEFAULT_SOURCE@", "pulse:@DEFAULT_SOURCE@", .pulse),
        ("pulse:@DEFAULT_MONITOR@", "pulse:@DEFAULT_MONITOR@", .pulse),
        ("pulse:alsa_input.usb-0d8c.mono", "pulse:alsa_input.usb-0d8c.mono", .pulse),
        ("pulse:x?server=unix:/run/p", "pulse:x?server=unix:/run/p", .pulse),
        ("pipe:-", "pipe:-", .pipe),
        ("pipe:/dev/stdin", "pipe:-", .pipe),
        (
            "pipe:/run/radio.fifo?rate=48000&channels=2&format=s16le",
            "pipe:/run/radio.fifo?rate=48000&channels=2&format=s16le", .pipe
        ),
        ("station:jazz24", "station:jazz24", .station),
        ("station:jazz24?folder=/run/genred/stations/&use=left", "station:jazz24?use=1", .station),
        ("station:a.b-c_D?folder=/a%26b%3f/c%25", "station:a.b-c_D?folder=/a%26b%3F/c%25", .station),
        ("file:/music/set.flac", "file:/music/set.flac", .file),
        ("file:///music/set.flac?pace=realtime&loop=false", "file:/music/set.flac", .file),
        ("file:set.flac?loop=true&pace=fast", "file:set.flac?pace=fast&loop=true", .file),
        ("file:/music/What%3f 100%25.wav", "file:/music/What%3F 100%25.wav", .file),
    ])
    func `a valid URI is parsed, and its canonical form is equal to it`(
        text: String, canonical: String, kind: SourceURI.Kind
    ) throws {
        let uri = try SourceURI(parsing: text)
        #expect(uri.description == canonical)
        #expect(uri.kind == kind)
        #expect(try SourceURI(parsing: uri.description) == uri)
    }

    @Test(arguments: [
        ("", "is empty"),
        ("radio", "no scheme"),
        ("/music/set.flac", "file:/music/set.flac"),
        ("http://radio.example/live", "station:NAME (man genred-station)"),
        ("jack:system", "alsa:, pulse:, pipe:, station:, file:"),
        ("alsa:", "alsa:default"),
        ("alsa:hw:0?rate=48k", "rate must be a whole number of hertz from 8000 to 192000, not \"48k\""),
        ("alsa:hw:0?rate=+48000", "rate must be"),
        ("alsa:hw:0?rate=7999", "from 8000 to 192000"),
        ("alsa:hw:0?rate=192001", "from 8000 to 192000"),
        ("alsa:hw:0?rate=99999999999999999999", "from 8000 to 192000"),
        ("alsa:hw:0?channels=0", "from 1 to 64"),
        ("alsa:hw:0?channels=65", "from 1 to 64"),
        ("alsa:hw:0?format=mp3", "s16le or s16be"),
        ("alsa:hw:0?rate=48000&rate=44100", "rate is given twice"),
        ("alsa:hw:0?buffer=1", "alsa: takes rate, channels, format"),
        ("alsa:hw:0?", "has no value"),
        ("alsa:hw:0?rate", "has no value"),
        ("alsa:hw:0?rate=48000&", "has no value"),
        ("pulse:", "@DEFAULT_SOURCE@"),
        ("pulse:@DEFAULT_SINK@", "@DEFAULT_MONITOR@"),
        ("pulse:x?rate=48000", "pulse: takes server, use"),
        ("pulse:x?server=", "server is empty"),
        ("pipe:", "pipe:-"),
        ("pipe://host/fifo", "host"),
        ("pipe:-?pace=fast", "pipe: takes rate, channels, format"),
        ("station:", "names no station"), ("station:.", "no name for a station"), ("station:a/b", "no name"),
        ("station:-a", "begins with a letter"), ("station:.hidden", "begins with a letter"), ("station:ü", "no name"),
        ("station:\(String(repeating: "a", count: 65))", "at most 64"), ("station:a b", "no name"),
        ("station:http://example.org/jazz", "/etc/genred/stations/NAME.conf"), ("station:a%2Fb", "no name"),
        ("station:a?rate=48000", "station: takes folder, use"), ("station:a?folder=", "names no path"),
        ("station:a?folder=//host/x", "host"),
        ("file:", "names no path"),
        ("file:-", "pipe:-"),
        ("file:/what?.wav", "%3F"),
        ("file:/100%.wav", "%25"),
        ("file:/a%2", "%25"),
        ("file:/a%00b", "control character"),
        ("file:/a\nb", "control character"),
        ("file:/a?pace=slow", "pace must be realtime or fast"),
        ("file:/a?loop=yes", "loop must be true or false"),
        ("file:/a?use=0", "use must be channels such as 3"), ("pipe:-?use=1,1", "use must be"),
        ("alsa:default?use=65", "use must be"), ("pulse:x?use=", "use must be"), ("file:/a?use=1,", "use must be"),
        ("file:/a?use=+1", "use must be"), ("file:/a?channel=1", "write use=1"),
    ])
    func `an invalid URI is refused, and the message says why and what to write`(text: String, reason: String) {
        let error = #expect(throws: CaptureError.self) { try SourceURI(parsing: text) }
        #expect(error?.code == .badURI)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains { $0.isNewline } == false)
    }

    @Test func `standard input and FIFOs are exclusive, devices and files are not`() throws {
        #expect(
            try SourceURI(parsing: "pipe:-").exclusiveResource
                == SourceURI(parsing: "pipe:/dev/stdin").exclusiveResource)
        #expect(
            try SourceURI(parsing: "pipe:/a").exclusiveResource
                == SourceURI(parsing: "pipe:/a?rate=8000").exclusiveResource)
        #expect(try SourceURI(parsing: "pipe:/a").exclusiveResource != SourceURI(parsing: "pipe:/b").exclusiveResource)
        #expect(try SourceURI(parsing: "station:a?folder=/b").exclusiveResource == "/b/a.wav")
        #expect(try SourceURI(parsing: "alsa:default").exclusiveResource == nil)
        #expect(try SourceURI(parsing: "pulse:@DEFAULT_SOURCE@").exclusiveResource == nil)
        #expect(try SourceURI(parsing: "file:/a").exclusiveResource == nil)
    }

    @Test func `whether a source is real time follows from its kind`() throws {
        #expect(try SourceURI(parsing: "alsa:default").makeSource().isRealTime)
        #expect(try SourceURI(parsing: "pulse:@DEFAULT_SOURCE@").makeSource().isRealTime)
        #expect(try !SourceURI(parsing: "pipe:-").makeSource().isRealTime)
        #expect(try !SourceURI(parsing: "file:/a").makeSource().isRealTime)
    }

    @Test func `any text is either refused in one line, or parsed and equal to its canonical form`() {
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "alsa:", "pulse:", "pipe:", "station:", "file:", "hw:CARD=A,DEV=0", "-", "/", "//", "///", "?", "&", "=",
            "%", "%3F",
            "%25", "rate", "channels", "format", "pace", "loop", "server", "folder", "&folder=/", "48000", "2", "s16le",
            "fast", "true",
            "@DEFAULT_SOURCE@", "a", "é", "\u{0}", "\n", "🎷", " ", ":",
        ]
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...9, using: &random)).map { _ in pieces.randomElement(using: &random)! }
                .joined()
            do {
                let uri = try SourceURI(parsing: text)
                #expect((try? SourceURI(parsing: uri.description)) == uri, "\(text)")
            } catch {
                #expect(error.code == .badURI && !error.message.contains { $0.isNewline }, "\(text)")
            }
        }
    }

    @Test func `the name of a file need not be UTF-8`() throws {
        let uri = try SourceURI(parsing: "file:/m/M%F6tley%3F.wav?pace=fast")
        let raw = try SourceURI(parsing: "file:/m/" + PathText.text([0x4D, 0xF6]) + "tley%3F.wav?pace=fast")
        #expect(uri == raw)
        #expect(uri.description == "file:/m/M%F6tley%3F.wav?pace=fast")
        #expect(try SourceURI(parsing: uri.description) == uri)
    }
}
