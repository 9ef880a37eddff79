// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import Foundation
import TestSupport
import Testing

/// The network's inner loops, compiled for a processor that this machine need not have, and run by an emulator.
struct CrossKernelTests {
    /// The compiler of the Swift toolchain, which compiles these loops for the programs too.
    static let compiler = Programs.find("swift").map {
        URL(filePath: $0).resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "clang").path
    }
    static let isInstalled =
        FileManager.default.isExecutableFile(atPath: compiler ?? "") && Programs.has("ld.lld", "qemu-aarch64")

    @Test(
        .enabled(if: CrossKernelTests.isInstalled, "needs the toolchain's clang, lld and qemu-user"),
        .enabled(if: genred_widens_half(), "this processor rounds products before it adds them"))
    func `a 64-bit ARM computes the same bits as this processor`() throws {
        let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = try TemporaryFolder()
        // The compiler writes into a folder of its own; cmp names the first byte that differs.
        let script = """
            set -e
            sources='-I Sources/CKernels/include Sources/CKernels/kernels.c Tests/CrossKernels/main.c'
            cd "$2"
            "$1" -O2 $sources -o "$3/here"
            "$1" --target=aarch64-linux-gnu -ffreestanding -nostdlib -static -fuse-ld=lld -O2 $sources -o "$3/there"
            cd "$3"
            ./here >here.floats
            qemu-aarch64 ./there >there.floats
            test -s here.floats
            cmp here.floats there.floats
            """
        try Programs.run("/bin/sh", ["-c", script, "sh", try #require(Self.compiler), project.path, folder.path])
    }
}
