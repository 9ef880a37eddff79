// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport
import Testing

/// The network's inner loops on processors that this machine need not have: compiled for them, and run by an emulator.
struct CrossKernelTests {
    /// The compiler of the Swift toolchain, which compiles these loops for the programs too.
    static let compiler = Programs.find("swift").map {
        URL(filePath: $0).resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "clang").path
    }
    static let isInstalled =
        FileManager.default.isExecutableFile(atPath: compiler ?? "")
        && Programs.has("ld.lld", "qemu-aarch64", "qemu-x86_64")

    @Test(.enabled(if: CrossKernelTests.isInstalled, "needs the toolchain's clang, lld and qemu-user"))
    func `every processor computes the same bits`() throws {
        let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = try TemporaryFolder()
        // The compiler writes into a folder of its own; cmp names the first byte that differs. A Nehalem has no AVX, a
        // Haswell has AVX2. Where this machine has AVX-512's VNNI, that is compared with them.
        let script = """
            set -e
            sources='-I Sources/CKernels/include Sources/CKernels/*.c Tests/CrossKernels/main.c'
            cd "$2"
            "$1" -O2 $sources -o "$3/here"
            "$1" --target=aarch64-linux-gnu -ffreestanding -nostdlib -static -fuse-ld=lld -O2 $sources -o "$3/there"
            cd "$3"
            ./here >results
            test -s results
            qemu-aarch64 ./there | cmp - results
            qemu-x86_64 -cpu Nehalem ./here | cmp - results
            qemu-x86_64 -cpu Haswell ./here | cmp - results
            """
        try Programs.run("/bin/sh", ["-c", script, "sh", try #require(Self.compiler), project.path, folder.path])
    }
}
