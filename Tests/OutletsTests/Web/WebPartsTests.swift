// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import TestSupport
import Testing

@testable import genred_outlet

@Suite struct WebPartsTests {
    @Test func `secrets leave URIs and messages`() {
        let cases = [
            ("http://user:pw@host:8000/live?token=abc&x=1#frag", "http://host:8000/live?token=…&x=…"),
            ("http://user:p@ss/w@rd@host/a", "http://host/a"),
            ("pipe:/run/a.fifo?rate=48000", "pipe:/run/a.fifo?rate=…"),
            ("alsa:hw:CARD=Radio,DEV=0", "alsa:hw:CARD=Radio,DEV=0"), ("file:/music/a@b.flac", "file:/music/a@b.flac"),
            ("station:jazz", "station:jazz"), ("?", "?"), ("://@", "://"), ("", ""),
        ]
        for (uri, clean) in cases { #expect(Redaction.clean(uri: uri) == clean) }
        #expect(
            Redaction.clean(text: "cannot open \"http://me:secret@host/x?key=secret\": refused (try again?)")
                == "cannot open \"http://host/x?key=…\": refused (try again?)")
        var source = SourceStatus(name: "a", uri: "x://u:secret@h", kind: "pipe", state: .lost)
        source.device = "x://u:secret@h"
        source.message = "x://u:secret@h is gone"
        source.lastError = "no 'x://u:secret@h?p=secret'"
        #expect(!"\(Redaction.clean(source))".contains("secret"))
        let change = DeviceChange(source: "a", time: "", state: .lost, message: "x://u:secret@h")
        #expect(Redaction.clean(change).message == "x://h")
        #expect(Health(reason: nil, sources: [source]).error?.contains("secret") == false)
    }

    @Test func `targets are parsed or refused`() {
        #expect(RequestTarget("/a?b=%41+c&d")?.query == [.init(name: "b", value: "A c"), .init(name: "d", value: "")])
        #expect(RequestTarget("HTTP://h:1?x=1") == RequestTarget("http://h:1/?x=1"))
        #expect(RequestTarget("http://h:1/p")?.host == "h:1")
        for text in ["", "*", "a", "/?%", "/?%4", "/?%zz", "/?%ff", "ftp://h/"] { #expect(RequestTarget(text) == nil) }
        var random = SplitMix(state: 5)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                Array("/?&=%+4aGz.".utf8).randomElement(using: &random)!
            }
            _ = RequestTarget(String(decoding: bytes, as: UTF8.self))
            _ = HostCheck.host(String(decoding: bytes, as: UTF8.self))
            _ = Redaction.clean(text: String(decoding: bytes, as: UTF8.self))
        }
    }

    @Test func `health is bad when every source is lost or ended`() {
        func source(_ state: DeviceState) -> SourceStatus {
            SourceStatus(name: "\(state)", uri: "pipe:-", kind: "pipe", state: state)
        }
        #expect(Health(reason: nil, sources: []).error == nil)
        #expect(Health(reason: nil, sources: [source(.lost), source(.waiting)]).error == nil)
        #expect(
            Health(reason: nil, sources: [source(.lost), source(.ended)]).error?.contains("ended is ended") == true)
        #expect(Health(reason: "gone", sources: [source(.running)]).error == "genred cannot be reached: gone")
    }

    @Test func `tokens are long and plain`() throws {
        let token = try AccessToken("0123456789abcdef")
        #expect(token.matches("0123456789abcdef"))
        for text in ["", "0123456789abcde", "0123456789abcdeF", "0123456789abcdef0"] { #expect(!token.matches(text)) }
        for text in [
            "short", "0123456789abcdef;", "0123456789 abcdef", "0123456789abcdé", String(repeating: "a", count: 513),
        ] {
            #expect(throws: OutletError.self) { try AccessToken(text) }
        }
    }
}
