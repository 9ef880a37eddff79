// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Streaming
import TestSupport
import Testing

@testable import genred

struct StreamAnalysisTests {
    private let analysis: StreamAnalysis

    init() throws {
        analysis = try StreamAnalysis(sampleRate: 22_050, turn: 0.7, settings: .usual(), workspace: Workspace())
    }

    /// Feeds noise of one network step, 0.24 s.
    private func announcementAfterStep(_ number: Int) -> Bool? {
        noise(seconds: 0.24, seed: UInt64(number)).withUnsafeBufferPointer { analysis.process($0) }
        return analysis.takeAnnouncement()
    }

    private func read() { _ = analysis.estimates.drain { _ in } }

    @Test func `an estimate is urgent if it says something new, if it was asked for, or if the ring fills`() {
        #expect(analysis.takeAnnouncement() == nil)
        var announcements: [Bool] = []
        var states: [EstimatorState] = []
        for step in 0..<80 {
            guard let announcement = announcementAfterStep(step) else { continue }
            announcements.append(announcement)
            _ = analysis.estimates.drain { states.append($0.state) }
        }
        #expect(announcements.first == true, "the first says something new")
        for index in 1..<states.count where states[index] != states[index - 1] {
            #expect(announcements[index], "another state, estimate \(index)")
        }
        #expect(announcements.contains(false))
        // The same noise as at last, which changes nothing.
        func settled() -> Bool? { announcementAfterStep(79) }
        _ = settled()
        read()
        #expect(settled() == false)
        read()
        analysis.estimates.requestNext()
        #expect(settled() == true)
        read()
        #expect(settled() == false)
        read()
        var unread = 0
        while settled() == false, unread < analysis.estimates.capacity { unread += 1 }
        #expect(unread + 1 == analysis.estimates.capacity - analysis.estimates.capacity / 3)
    }
}
