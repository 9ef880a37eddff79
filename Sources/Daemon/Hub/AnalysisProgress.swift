// SPDX-License-Identifier: GPL-3.0-or-later

/// Detects an analysis that hangs: at two checks in a row work waited for its worker, and nothing was taken in between.
///
/// One such check means nothing: the work may just have come, or this whole process was stopped for a while. A source
/// without signal has no work, and neither has a pipe that nobody writes to.
struct AnalysisProgress {
    enum Verdict {
        case alive
        /// Alive after it hung.
        case aliveAgain
        case hangs
        /// It hung at the check before as well.
        case stillHangs
    }

    private var lastProgress = 0
    private var checksWithoutProgress = 0

    /// Call it at equal intervals.
    ///
    /// - Parameters:
    ///   - progress: a number that grows whenever the worker takes anything.
    ///   - hasWork: whether anything waits for the worker.
    mutating func check(_ progress: Int, hasWork: @autoclosure () -> Bool) -> Verdict {
        let isMoving = progress != lastProgress || !hasWork()
        lastProgress = progress
        if isMoving {
            defer { checksWithoutProgress = 0 }
            return checksWithoutProgress > 1 ? .aliveAgain : .alive
        }
        checksWithoutProgress += 1
        switch checksWithoutProgress {
        case 1: return .alive
        case 2: return .hangs
        default: return .stillHangs
        }
    }
}
