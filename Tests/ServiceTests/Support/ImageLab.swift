// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Glibc
import TestSupport
import Testing

/// The container image, made of the package that `make deb` left, and a Podman with a storage of its own to run it.
final class ImageLab: Sendable {
    /// Makes a lab for the tests of a suite, and removes it after them.
    struct Provided: SuiteTrait, TestScoping {
        func provideScope(
            for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
        ) async throws {
            let lab = try ImageLab()
            defer { lab.remove() }
            try await ImageLab.$current.withValue(lab) { try await function() }
        }
    }

    @TaskLocal static var current: ImageLab?

    /// The reason why this machine cannot run it; nil if it can.
    static let obstacle: String? = {
        if let obstacle = SystemdLab.obstacle { return obstacle }
        for program in ["podman", "runc", "jq"] where Programs.find(program) == nil {
            return "\(program) is missing; 'make deps' installs it"
        }
        return nil
    }()

    private static let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    static let name = "localhost/genred:latest"

    let folder: TemporaryFolder

    /// The image's file.
    let archive: String

    private init() throws {
        folder = try TemporaryFolder()
        let output = try Programs.run("\(Self.project)/scripts/image", [])
        guard let line = output.split(separator: "\n").last, let end = line.range(of: ".oci.tar") else {
            throw Programs.Failure(description: "scripts/image printed: \(output)")
        }
        archive = "\(Self.project)/\(line[..<end.upperBound])"
        for genre in ["jazz", "metal"] {
            try Programs.run(
                Programs.built("genred-programme"),
                ["render", folder.file("\(genre).wav"), "--genre", genre, "--seconds", "15"])
        }
        try podman("load", "--quiet", "--input", archive)
    }

    private func remove() {
        _ = try? podman("rm", "--force", "--all")
        // Podman leaves a mount of its storage on itself.
        for mount in ["storage/overlay", "storage"] {
            _ = try? Programs.run("/bin/sh", ["-c", "umount -l '\(folder.file(mount))' 2>/dev/null || true"])
        }
        folder.remove()
    }

    /// Runs podman and returns what it printed.
    @discardableResult
    func podman(_ arguments: String..., status: Int32 = 0) throws -> String {
        try podman(arguments, status: status)
    }

    private func podman(_ arguments: [String], status: Int32 = 0) throws -> String {
        // Runc runs with each kind of cgroups; crun refuses a mixture of both.
        let own = [
            "--root", folder.file("storage"), "--runroot", folder.file("run"), "--tmpdir", folder.file("tmp"),
            "--runtime", "runc", "--cgroup-manager", "cgroupfs", "--events-backend", "file",
        ]
        return try Programs.run(try #require(Programs.find("podman")), own + arguments, status: status)
    }

    /// Runs a container without a network, on a read-only root, and returns what podman printed.
    @discardableResult
    func start(_ arguments: String..., status: Int32 = 0) throws -> String {
        // Podman would ask for higher limits than this machine may allow.
        let limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096"]
        return try podman(["run", "--network=none", "--read-only"] + limits + arguments, status: status)
    }

    /// Waits until a command in a container prints a text.
    func waits(for text: String, of container: String, _ command: String...) async throws {
        var output = ""
        let found = await eventually {
            output = (try? podman(["exec", container] + command)) ?? output
            return output.contains(text)
        }
        let log = (try? podman("logs", container)) ?? ""
        #expect(found, "\(command) never printed \(text), but: \(output)\n\(log)")
    }

    /// Writes a configuration and returns the option that mounts it.
    func configuration(_ text: String, _ name: String) throws -> String {
        "--volume=\(try folder.write(text, to: name)):/etc/genred/genred.yaml:ro"
    }
}
