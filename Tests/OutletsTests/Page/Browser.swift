// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Glibc
import TestSupport
import Testing

/// Headless Chromium with one page, driven over a pipe by the DevTools protocol. It needs no driver, no port and no library.
final class Browser {
    /// What the page's console and network complained of, and dialogs: there should be none.
    private(set) var complaints: [String] = []

    private let folder: TemporaryFolder
    private let process: ChildProcess
    /// Both ends of what Chromium reads, so that neither side waits for the other. It ends when this process does.
    private let input: Int32
    private let output: Int32
    private var received: [UInt8] = []
    private var lastID = 0
    private var session: String?

    static let isInstalled = Programs.has("chromium")

    init() async throws {
        folder = try TemporaryFolder()
        for name in ["commands", "answers"] { try #require(mkfifo(folder.file(name), 0o600) == 0) }
        input = Glibc.open(folder.file("commands"), O_RDWR | O_CLOEXEC)
        output = Glibc.open(folder.file("answers"), O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        // As root, and in most containers, Chromium's own sandbox does not work. The pages are the project's.
        process = try ChildProcess(
            shell: """
                exec chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars \
                --disable-background-networking --no-first-run --user-data-dir=profile --remote-debugging-pipe \
                about:blank 3<commands 4>answers >log 2>&1
                """, in: folder.path)
        let page = try await call("Target.createTarget", ["url": "about:blank"])
        let attached = try await call(
            "Target.attachToTarget", ["targetId": page["targetId"] ?? "", "flatten": true])
        session = attached["sessionId"] as? String
        for domain in ["Page", "Runtime", "Log"] { try await call("\(domain).enable") }
    }

    deinit {
        close(input)
        close(output)
        // It ends by itself when its pipe is closed.
        _ = blockUntil(within: 5) { !process.isRunning }
        process.end()
    }

    /// Opens a page and waits until its history is read.
    ///
    /// - Parameter script: runs before the page's own scripts.
    func open(
        _ address: String, width: Int = 1440, height: Int = 900, colours: String = "dark", script: String? = nil
    ) async throws {
        try await resize(width: width, height: height, colours: colours)
        if let script { try await call("Page.addScriptToEvaluateOnNewDocument", ["source": script]) }
        try await call("Page.navigate", ["url": address])
        try await waitUntil("document.documentElement?.dataset.history === 'read'")
    }

    func resize(width: Int, height: Int, colours: String) async throws {
        try await call(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600])
        try await call(
            "Emulation.setEmulatedMedia", ["features": [["name": "prefers-color-scheme", "value": colours]]])
    }

    /// Writes what the window shows as a PNG file.
    func photograph(to path: String) async throws {
        let answer = try await call("Page.captureScreenshot")
        let data = try #require((answer["data"] as? String).flatMap { Data(base64Encoded: $0) })
        try data.write(to: URL(filePath: path))
    }

    /// Returns the value of a JavaScript expression as text.
    @discardableResult
    func evaluate(_ expression: String) async throws -> String {
        let answer = try await call(
            "Runtime.evaluate", ["expression": "String(\(expression))", "awaitPromise": true, "returnByValue": true])
        if let exception = answer["exceptionDetails"] { throw Programs.Failure(description: "\(exception)") }
        return (answer["result"] as? [String: Any])?["value"] as? String ?? ""
    }

    /// The text of the first element that matches; empty if none does.
    func text(_ selector: String) async throws -> String {
        try await evaluate("document.querySelector(\"\(selector)\")?.textContent ?? ''")
    }

    func waitUntil(_ condition: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let holds = try await eventually { try await evaluate("!!(\(condition))") == "true" }
        guard !holds else { return }
        let page = try await evaluate("document.body.innerText")
        Issue.record("never: \(condition)\n\(complaints)\n\(page.prefix(2000))", sourceLocation: sourceLocation)
    }

    func press(_ key: String) async throws {
        for type in ["keyDown", "keyUp"] { try await call("Input.dispatchKeyEvent", ["type": type, "key": key]) }
    }

    // MARK: The protocol

    @discardableResult
    private func call(_ method: String, _ parameters: [String: Any] = [:]) async throws -> [String: Any] {
        lastID += 1
        var message: [String: Any] = ["id": lastID, "method": method, "params": parameters]
        if let session { message["sessionId"] = session }
        let bytes = try Array(JSONSerialization.data(withJSONObject: message)) + [0]
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { write(input, $0.baseAddress! + sent, $0.count - sent) }
            try #require(count > 0)
            sent += count
        }
        var answer: [String: Any]?
        _ = try await eventually {
            while answer == nil, let message = try receive() {
                if message["id"] as? Int == lastID { answer = message } else { note(message) }
            }
            return answer != nil || !process.isRunning
        }
        guard let answer, let result = answer["result"] as? [String: Any] else {
            let log = (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? ""
            throw Programs.Failure(description: "\(method): \(answer?["error"] ?? "no answer"); \(log.suffix(2000))")
        }
        return result
    }

    /// Returns the next message, if a whole one has arrived.
    private func receive() throws -> [String: Any]? {
        while true {
            if let end = received.firstIndex(of: 0) {
                let message = try JSONSerialization.jsonObject(with: Data(received[..<end]))
                received.removeFirst(end + 1)
                return message as? [String: Any]
            }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = read(output, &buffer, buffer.count)
            if count <= 0 { return nil }
            received += buffer[..<count]
        }
    }

    private func note(_ message: [String: Any]) {
        let details = message["params"] as? [String: Any] ?? [:]
        switch message["method"] as? String {
        case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Page.javascriptDialogOpening":
            complaints.append("\(details)")
        case "Log.entryAdded":
            let entry = details["entry"] as? [String: Any] ?? [:]
            complaints.append("\(entry["level"] ?? ""): \(entry["text"] ?? "") \(entry["url"] ?? "")")
        default: break
        }
    }
}
