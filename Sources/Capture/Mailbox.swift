// SPDX-License-Identifier: GPL-3.0-or-later

import Synchronization

/// Rare messages for one thread, in order: any thread posts them under a lock, and the receiver takes that lock only
/// when there are some.
package final class Mailbox<Message: Sendable>: Sendable {
    private let messages = Mutex<[Message]>([])
    /// Set and cleared under the lock, so that it is true whenever a message waits.
    private let hasMessages = Atomic<Bool>(false)

    package init() {}

    /// Whether a message waits. Whatever its sender wrote before posting it is visible if so.
    package var hasMail: Bool { hasMessages.load(ordering: .acquiring) }

    package func post(_ message: Message) {
        messages.withLock { messages in
            messages.append(message)
            hasMessages.store(true, ordering: .releasing)
        }
    }

    /// Removes the first message, if there is one and it satisfies `condition`.
    package func take(where condition: (Message) -> Bool = { _ in true }) -> Message? {
        guard hasMail else { return nil }
        return messages.withLock { messages in
            guard let first = messages.first, condition(first) else { return nil }
            messages.removeFirst()
            if messages.isEmpty { hasMessages.store(false, ordering: .releasing) }
            return first
        }
    }
}
