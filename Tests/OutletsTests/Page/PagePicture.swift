// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

/// Where to put the pictures; nil in an ordinary run of the tests.
private let picturesFolder = ProcessInfo.processInfo.environment["GENRED_PICTURES"]

/// Makes the documents' pictures of the page, when `scripts/screenshot` asks for them: genred hears music that the project
/// composes itself, and a day before it that is made up.
@Suite(.enabled(if: picturesFolder != nil, "scripts/screenshot runs it")) struct PagePicture {
    /// Name, title and music of each source.
    private static let sources = [
        ("Radio", "The Demonstration – Programme", "--demo"),
        ("Studio", "Metal, piece 3", "--genre metal --seed 3"),
        ("Kitchen", "Reggae, piece 1", "--genre reggae --seed 1"),
    ]

    @Test func `pictures of the page`() async throws {
        let folder = try TemporaryFolder()
        let state = folder.file("state")
        mkdir(state, 0o700)
        var configuration = "socket: {path: \(folder.file("genred.sock"))}\nsources:\n"
        for (index, (name, _, music)) in Self.sources.enumerated() {
            let file = "\(name).wav"
            let seconds = music == "--demo" ? "" : " --seconds 150"
            try Programs.run(
                "/bin/sh",
                ["-c", "exec '\(Programs.built("genred-programme"))' render '\(folder.file(file))' \(music)\(seconds)"])
            configuration += "  - {name: \(name), uri: \"file:\(folder.file(file))?pace=realtime&loop=true\"}\n"
            try await PastDay.write(
                spans: PastDay.likely(seed: UInt64(index + 2)), of: name, to: "\(state)/history.sqlite")
        }
        _ = try folder.write(configuration, to: "genred.yaml")
        let daemon = try ChildProcess(
            shell: "exec '\(Programs.built("genred"))' --config genred.yaml >log 2>&1", in: folder.path,
            environment: ["STATE_DIRECTORY": state])
        defer { daemon.end() }
        let socket = folder.file("genred.sock")
        #expect(await eventually { (try? ControlClient(path: socket)) != nil })
        let client = try ControlClient(path: socket)
        for (name, title, _) in Self.sources { _ = try client.annotate(source: name, title: title) }

        let page = try await ServedPage(folder, socket: socket)
        let browser = try await Browser()
        try await browser.open(page.address)
        // Jazz plays from the 26th second to the 44th.
        try await browser.waitUntil("document.querySelector('#cards .label').textContent === 'jazz'")
        try await Task.sleep(for: .seconds(6))
        let sizes = [("desktop", 1440, 900), ("tablet", 820, 1180), ("phone", 390, 844)]
        for (name, width, height) in sizes {
            for colours in ["dark", "light"] {
                try await browser.resize(width: width, height: height, colours: colours)
                try await Task.sleep(for: .seconds(1))
                try await browser.photograph(to: "\(picturesFolder ?? "")/\(name)-\(colours).png")
            }
        }
    }
}
