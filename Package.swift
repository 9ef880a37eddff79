// swift-tools-version: 6.1
// SPDX-License-Identifier: GPL-3.0-or-later
import PackageDescription

// The folders of Sources/ are the architecture (docs/architecture.md). Dependencies point one way:
// Basics <- Model <- Streaming <- Training, with the executables on top: genred, genrectl and genrelab, which are
// installed, and genred-programme (the demonstration) and genred-bench (the benchmark), which are not.

// Without optimisation, tests are compiled in half the time. For those whose own code has little to compute; what they
// test is optimised.
let unoptimised: [SwiftSetting] = [.unsafeFlags(["-Onone"])]

let package = Package(
    name: "genred",
    products: [
        .executable(name: "genred", targets: ["genred"]),
        .executable(name: "genrectl", targets: ["genrectl"]),
        .executable(name: "genrelab", targets: ["genrelab"]),
        .executable(name: "genred-outlet", targets: ["genred-outlet"]),
        .executable(name: "genred-station", targets: ["genred-station"]),
        // Used by a test: changes the clock of one program.
        .library(name: "ShiftedClock", type: .dynamic, targets: ["ShiftedClock"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C libraries, from Debian.
        .systemLibrary(name: "CALSA", pkgConfig: "alsa", providers: [.apt(["libasound2-dev"])]),
        // No pkgConfig: these three are not linked, but loaded late (CLateLibraries).
        .systemLibrary(name: "CPulse", providers: [.apt(["libpulse-dev"])]),
        .systemLibrary(name: "CSndfile", providers: [.apt(["libsndfile1-dev"])]),
        .systemLibrary(name: "CSoxr", providers: [.apt(["libsoxr-dev"])]),
        .systemLibrary(name: "CFFTW", pkgConfig: "fftw3f", providers: [.apt(["libfftw3-dev"])]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CMosquitto", pkgConfig: "libmosquitto", providers: [.apt(["libmosquitto-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        // Parts of the C library that Swift's Glibc module leaves out.
        .systemLibrary(name: "CPolling"),
        .systemLibrary(name: "CSpawn"),
        .systemLibrary(name: "CTerminal"),

        // Shared by all modules: errors, the clock, JSON, quoting, owned buffers.
        .target(name: "Basics", dependencies: ["CPolling", "CSpawn"]),

        // Configuration files: YAML in which every mistake has a place and every unknown key is one.
        .target(name: "StrictYAML", dependencies: ["Basics", .product(name: "Yams", package: "Yams")]),

        // Runs before any other code of a program.
        .target(name: "CStartup"),

        // Loads libpulse, libsndfile and libsoxr when they are first called.
        .target(name: "CLateLibraries"),

        // Starts a decoder that can do nothing else.
        .target(name: "CConfinement", dependencies: ["CSeccomp"]),

        // From samples to labels.
        .target(name: "CKernels"),
        .target(
            name: "Model", dependencies: ["CKernels", "Basics"], resources: [.copy("Resources/default.safetensors")]),
        .target(name: "Streaming", dependencies: ["Basics", "Model", "CFFTW", "CKernels", "CLateLibraries", "CSoxr"]),
        .target(
            name: "Capture",
            dependencies: [
                "Basics", "CStartup", "CConfinement", "CKernels", "CLateLibraries", "CALSA", "CPolling", "CPulse",
                "CSndfile", "CSpawn",
            ]),

        // What every long-running program needs: log lines, notifications to the service manager, a server's pause when no
        // descriptor is left.
        .target(
            name: "Reporting",
            dependencies: [
                "Basics", "ControlProtocol",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]),

        // How labels are published and kept.
        .target(name: "ControlProtocol", dependencies: ["Basics"]),
        .target(
            name: "History",
            dependencies: [
                "Basics", "ControlProtocol",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),

        // The programs.
        .executableTarget(
            name: "genred",
            dependencies: [
                "Basics", "CStartup", "Model", "Streaming", "Capture", "ControlProtocol", "History", "Reporting",
                "StrictYAML",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            path: "Sources/Daemon"
        ),
        .executableTarget(
            name: "genrectl",
            dependencies: [
                "Basics", "ControlProtocol", "CTerminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/Control"
        ),
        .executableTarget(
            name: "genred-outlet",
            dependencies: [
                "Basics", "ControlProtocol", "Reporting", "StrictYAML", "CCrypto", "CCurl", "CMosquitto", "CPolling",
                "CSpawn",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Yams", package: "Yams"),
            ],
            path: "Sources/Outlets",
            // The web page: part of the program, so that it needs no files at run time.
            resources: [
                "index.html", "style.css", "icon.svg", "app.js", "cards.js", "changes.js", "feed.js", "palette.js",
                "strip.js", "text.js", "timeline.js",
            ].map { .embedInCode("Web/Page/\($0)") }
        ),
        .executableTarget(
            name: "genred-station",
            dependencies: [
                "Basics", "CConfinement", "ControlProtocol", "Reporting", "CCurl", "CSpawn",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/Station"
        ),
        .executableTarget(
            name: "genrelab",
            dependencies: [
                "Basics", "Model", "Streaming", "Capture", "Training", "CLateLibraries", "CSndfile",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/Lab"
        ),

        // Training; the daemon links none of it.
        .target(name: "Training", dependencies: ["Basics", "Model", "Streaming", "COpenBLAS"]),

        // The demonstration, with music that the project composes itself.
        .target(name: "Programme", dependencies: ["Basics", "CLateLibraries", "CSndfile", "CSoxr"]),
        .executableTarget(
            name: "genred-programme",
            dependencies: [
                "Basics", "Programme", "ControlProtocol",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/Demo"
        ),

        // Benchmark of the audio path's stages (docs/performance.md).
        .executableTarget(
            name: "genred-bench",
            dependencies: [
                "Basics", "Model", "Streaming", "Capture",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/Bench"
        ),

        .testTarget(name: "BasicsTests", dependencies: ["Basics"]),
        .testTarget(name: "ModelTests", dependencies: ["Basics", "CKernels", "Model", "TestSupport"]),
        .testTarget(
            name: "StreamingTests", dependencies: ["Basics", "Model", "Streaming", "AllocationCounter", "TestSupport"],
            exclude: ["Golden"]
        ),
        .testTarget(name: "TrainingTests", dependencies: ["Basics", "Model", "Streaming", "Training", "TestSupport"]),
        .testTarget(
            name: "CaptureTests",
            dependencies: ["Basics", "Capture", "CConfinement", "AllocationCounter", "TestSupport"]),
        .testTarget(
            name: "ControlProtocolTests", dependencies: ["ControlProtocol", "Basics"], swiftSettings: unoptimised),
        .testTarget(
            name: "HistoryTests",
            dependencies: [
                "Basics", "ControlProtocol", "History", "TestSupport", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: unoptimised),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "Basics", "Model", "Streaming", "Capture", "ControlProtocol", "History", "genred", "Reporting",
                "StrictYAML",
                "AllocationCounter", "TestSupport", "freeze-thread",
            ], swiftSettings: unoptimised),
        .testTarget(
            name: "ControlTests", dependencies: ["Basics", "genrectl", "ControlProtocol", "TestSupport"],
            swiftSettings: unoptimised),
        .testTarget(
            name: "OutletsTests",
            dependencies: ["Basics", "genred-outlet", "ControlProtocol", "History", "StrictYAML", "TestSupport"],
            swiftSettings: unoptimised),
        .testTarget(
            name: "StationTests", dependencies: ["Basics", "genred-station", "TestSupport"], swiftSettings: unoptimised),
        .testTarget(name: "ProgrammeTests", dependencies: ["Basics", "Programme"]),
        .testTarget(
            name: "EndToEndTests", dependencies: ["Basics", "ControlProtocol", "TestSupport"],
            swiftSettings: unoptimised),
        .testTarget(
            name: "ServiceTests", dependencies: ["TestSupport"], exclude: ["Support/systemd-lab"],
            swiftSettings: unoptimised),
        // Replaces malloc in the test process, to count the audio path's allocations.
        .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
        // Stops a thread of another process, to simulate a hang.
        .executableTarget(name: "freeze-thread", path: "Tests/FreezeThread"),
        .target(name: "ShiftedClock", path: "Tests/ShiftedClock"),
        // Shared by the tests of several modules: folders, waiting, WAV files, other programs, logs, random models.
        .target(
            name: "TestSupport", dependencies: ["Basics", "Model", .product(name: "Logging", package: "swift-log")],
            path: "Tests/TestSupport"),
    ],
    swiftLanguageModes: [.v6]
)
