// SPDX-License-Identifier: GPL-3.0-or-later

import CStartup
import ServiceLifecycle

/// Returns the memory that only the start needed, once the sources are open.
struct StartMemory: Service {
    private static let delay = Duration.seconds(5)

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            try await Task.sleep(for: Self.delay, tolerance: .seconds(1))
            genred_return_memory(true)
        }
    }
}
