// SPDX-License-Identifier: GPL-3.0-or-later

import CStartup
import NIOCore
import ServiceLifecycle

/// Returns memory to the system some time after the start and after each reload: what only these needed, and what the
/// sources and models had that are gone.
struct MemoryReturn: Service {
    /// Until then every source is open, and has taken over its new settings.
    private static let delay = TimeAmount.seconds(5)

    private let loop: any EventLoop
    private let requests: AsyncStream<Void>
    private let requested: AsyncStream<Void>.Continuation

    /// The start is the first request.
    init(loop: any EventLoop) {
        self.loop = loop
        (requests, requested) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        request()
    }

    func request() { requested.yield() }

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            for await _ in requests {
                try await loop.sleep(for: Self.delay)
                genred_return_memory()
            }
        }
    }
}
