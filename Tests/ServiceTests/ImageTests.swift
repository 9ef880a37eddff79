// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Glibc
import TestSupport
import Testing

/// The container image under a real Podman.
@Suite(
    .serialized,
    .enabled(if: ImageLab.obstacle == nil, Comment(rawValue: ImageLab.obstacle ?? "")),
    ImageLab.Provided())
struct ImageTests {
    private let lab: ImageLab

    init() throws { lab = try #require(ImageLab.current) }

    private static let listening = "sources: [{name: radio, uri: \"file:/music/jazz.wav?pace=realtime&loop=true\"}]"

    private var music: String { "--volume=\(lab.folder.path):/music:ro" }

    @Test func `it is under 60 MB, and says what it is, how it is checked and which packages it holds`() throws {
        let size = try FileManager.default.attributesOfItem(atPath: lab.archive)[.size] as? Int
        #expect(try #require(size) < 60_000_000)
        let config = try lab.podman("image", "inspect", "--format", "{{json .Config}}", ImageLab.name)
        #expect(config.contains(#""User":"65532:65532""#) && config.contains(#""/var/lib/genred":{}"#), "\(config)")
        #expect(config.contains("org.opencontainers.image.version"))
        let inside = try Programs.run("/bin/sh", ["-c", Self.contents(of: lab.archive)])
        #expect(inside.contains(#""Healthcheck":{"Test":["CMD","/usr/bin/genrectl","status"]"#))
        #expect(inside.contains("./var/lib/dpkg/status.d/libc6\n"))
        #expect(inside.contains("./usr/share/doc/libpulse0/copyright\n"))
        #expect(!inside.contains("/bin/sh\n") && !inside.contains("apt"))
    }

    /// A command that prints an image's configuration and the names of all files.
    private static func contents(of archive: String) -> String {
        """
        d=$(mktemp -d) && tar -xf '\(archive)' -C "$d" && cd "$d" &&
        cat "$(jq -r '.[0].Config' manifest.json)" &&
        for layer in $(jq -r '.[0].Layers[]' manifest.json); do tar -tzf "$layer"; done; rm -r "$d"
        """
    }

    @Test(arguments: ["genred", "genrectl", "genred-outlet"])
    func `each program has the libraries that it starts with`(program: String) throws {
        let output = try lab.start("--rm", "--entrypoint=/usr/bin/\(program)", ImageLab.name, "--help")
        #expect(output.contains("USAGE: \(program)"))
    }

    @Test func `it becomes healthy as its own user, ends with 0 when it is stopped, and the next has its history`()
        async throws
    {
        let configuration = try lab.configuration(Self.listening, "history.yaml")
        let options = [configuration, music, "--volume=history:/var/lib/genred"]
        try lab.start(
            "--detach", "--name=one", options[0], options[1], options[2], "--health-interval=disable",
            #"--health-cmd=["/usr/bin/genrectl","status"]"#, ImageLab.name)
        try await lab.waits(for: #""to":"jazz""#, of: "one", "genrectl", "history", "--json")
        try lab.podman("healthcheck", "run", "one")
        let process = try lab.podman("inspect", "--format", "{{.State.Pid}}", "one")
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        #expect(status.contains("Uid:\t65532\t65532\t65532\t65532") && status.contains("NSpid:\t\(process)\t1\n"))
        // If SIGTERM did not end it, SIGKILL would, and the status were 137.
        try lab.podman("stop", "--time", "60", "one")
        #expect(try lab.podman("inspect", "--format", "{{.State.ExitCode}}", "one") == "0\n")
        try lab.start("--detach", "--name=two", options[0], options[1], options[2], ImageLab.name)
        try await lab.waits(for: #""from":"starting""#, of: "two", "genrectl", "history", "--json")
        try await lab.waits(for: #""to":"jazz""#, of: "two", "genrectl", "history", "--json")
        #expect(try lab.podman("logs", "two").contains("the oldest from"))
        try lab.podman("rm", "--force", "two")
    }

    @Test func `any user can run it`() async throws {
        try lab.start(
            "--detach", "--name=user", "--user=4321:4321", try lab.configuration(Self.listening, "user.yaml"), music,
            ImageLab.name)
        try await lab.waits(for: "radio", of: "user", "genrectl", "current")
        try await lab.waits(for: "starting", of: "user", "genrectl", "history", "--json")
        #expect(try !lab.podman("logs", "user").contains("error"))
        try lab.podman("rm", "--force", "user")
    }

    @Test func `a wrong configuration ends it with 78 and a line that names the place`() throws {
        let output = try lab.start(
            "--rm", try lab.configuration("sources: nonsense", "wrong.yaml"), ImageLab.name, status: 78)
        #expect(output.contains("/etc/genred/genred.yaml:1:"), "\(output)")
    }

    @Test func `it hears a FIFO and an ALSA device`() async throws {
        let fifo = lab.folder.file("radio.fifo")
        #expect(mkfifo(fifo, 0o644) == 0)
        let asound = try lab.folder.write(
            "pcm.test { type file; slave.pcm null; file /dev/null; infile /dev/zero; format raw }\n", to: "asound.conf")
        let player = try ChildProcess(shell: "exec cat metal.wav >radio.fifo", in: lab.folder.path)
        defer { player.end() }
        try lab.start(
            "--detach", "--name=sounds", "--volume=\(asound):/etc/asound.conf:ro", music, ImageLab.name,
            "--source", "pipe=pipe:/music/radio.fifo", "--source", "card=alsa:test?rate=48000&format=s16le")
        try await lab.waits(for: #""to":"metal""#, of: "sounds", "genrectl", "history", "--json", "pipe")
        try await lab.waits(for: "S16 48000 Hz 2 channels", of: "sounds", "genrectl", "sources")
        try await lab.waits(for: #""from":"starting""#, of: "sounds", "genrectl", "history", "--json", "card")
        try lab.podman("rm", "--force", "sounds")
    }

    @Test func `it hears a sound server through its mounted socket, with its cookie`() async throws {
        let folder = lab.folder.path
        _ = try lab.folder.write(Data((0..<256).map { UInt8($0) }), to: "cookie")
        let server = try ChildProcess(
            shell: """
                exec pulseaudio -n --daemonize=no --use-pid-file=no --exit-idle-time=-1 \
                -L 'module-null-sink sink_name=radio' \
                -L 'module-native-protocol-unix socket=\(folder)/native auth-cookie=\(folder)/cookie' 2>pulse.log
                """, in: folder, environment: ["HOME": folder, "XDG_RUNTIME_DIR": folder])
        defer { server.end() }
        #expect(await eventually { access("\(folder)/native", F_OK) == 0 })
        let player = try ChildProcess(
            shell: "exec paplay -d radio jazz.wav", in: folder, environment: ["PULSE_SERVER": "unix:\(folder)/native"])
        defer { player.end() }
        try lab.start(
            "--detach", "--name=server", "--volume=\(folder)/native:/run/pulse/native",
            "--volume=\(folder)/cookie:/run/pulse/cookie:ro", "--env=PULSE_COOKIE=/run/pulse/cookie", ImageLab.name,
            "--source", "desk=pulse:radio.monitor")
        try await lab.waits(for: #""to":"jazz""#, of: "server", "genrectl", "history", "--json")
        try lab.podman("rm", "--force", "server")
    }
}
