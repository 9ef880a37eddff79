// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import History
import NIOCore

/// What the history is told, and what is asked of it.
extension Hub {
    /// What a daemon that is killed forgets of a label that lasts, at most.
    private static let noteInterval = TimeAmount.seconds(15)

    /// The answer to `history` as a line; made beside the hub, which only says what lasts now.
    nonisolated func answerHistory(_ params: HistoryParams, id: RequestID) async -> [UInt8] {
        let open = await openLabels()
        do throws(RPCError) {
            return Response.line(id: id, result: try await history.result(params, open: open))
        } catch {
            return Response.line(id: id, error: error)
        }
    }

    /// The labels that last now.
    private func openLabels() -> [OpenLabel] {
        sources.map { source in
            source.advanceQuiet()
            return source.openLabel
        }
    }

    /// Tells the history some time from now how long the labels have lasted.
    func noteLabelsLater() {
        guard !willNoteLabels else { return }
        willNoteLabels = true
        loop.scheduleTask(in: Self.noteInterval) { [weak self] in self?.assumeIsolated { $0.noteLabels() } }
    }

    private func noteLabels() {
        willNoteLabels = false
        for source in sources { source.advanceQuiet() }
        let changed = sources.filter { !$0.isNew && $0.elapsed != $0.notedElapsed }
        for source in changed { source.notedElapsed = source.elapsed }
        history.note(changed.map(\.openLabel))
        // What has no signal lasts too.
        if sources.contains(where: { !$0.isEnded }) { noteLabelsLater() }
    }

    /// The history's last entry of a source that will not be heard any more.
    func endLabel(of source: HubSource) {
        guard !source.isNew else { return }
        source.advanceQuiet()
        history.append(source.openLabel.stop)
    }

    /// The same of all, when the daemon stops.
    func endLabels() {
        for source in sources { endLabel(of: source) }
    }
}

extension HubSource {
    fileprivate var openLabel: OpenLabel {
        var began = since
        began.follow(.now)
        return OpenLabel(
            // A file that has come to its end is heard no more.
            source: name, label: label, began: began.time, until: isEnded ? time : .now,
            position: position.rounded(toPlaces: 3), lasted: (elapsed - labelStart).rounded(toPlaces: 3),
            order: labelOrder)
    }
}
