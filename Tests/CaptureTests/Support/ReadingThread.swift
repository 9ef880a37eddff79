// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

@testable import Capture

/// Threads that read the pipes of the tests, as the daemon's workers do.
enum ReadingThread {
    /// The one of all tests that need none of their own.
    static let shared = Result { try start() }

    /// Starts one that runs as long as the tests do.
    static func start() throws -> PipeReader {
        let pipes = try PipeReader()
        Thread.detachNewThread { while true { pipes.turn(mayWait: true) } }
        return pipes
    }
}

extension AudioSource {
    func start(_ sink: any AudioSink) throws { start(sink, pipes: try ReadingThread.shared.get()) }
}
