// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

@testable import Capture

/// Threads that read the pipes of the tests, as the daemon's workers do.
enum ReadingThread {
    /// Shared by the tests that need none of their own.
    static let shared = Result { try start() }

    /// Starts a thread that runs as long as the tests do.
    static func start() throws -> PipeReader {
        let reader = try PipeReader()
        Thread.detachNewThread { while true { reader.poll(waitingFor: .infinity) } }
        return reader
    }
}

extension AudioSource {
    /// Starts a source of either kind; a pipe is read by `reader`, or by the thread that all tests share.
    func start(_ sink: any PipeSink, on reader: PipeReader? = nil) throws {
        switch self {
        case .threaded(let source): source.start(sink)
        case .pipe(let source): source.start(sink, on: try reader ?? ReadingThread.shared.get())
        }
    }
}
