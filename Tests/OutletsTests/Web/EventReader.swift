// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

/// Reads server-sent events as a browser does.
final class EventReader {
    struct Event: Equatable {
        var name: String
        var id: String?
        var data: String

        var object: [String: Any] {
            ((try? JSONSerialization.jsonObject(with: Data(data.utf8))) as? [String: Any]) ?? [:]
        }
        var seq: Int? { name == "change" ? object["seq"] as? Int : nil }
    }

    let client: TCPClient
    private(set) var head = ""
    private(set) var events: [Event] = []
    private(set) var comments = 0
    private var raw: [UInt8] = []
    private var text: [UInt8] = []

    /// Opens a stream.
    ///
    /// - Parameter receiveBuffer: as in `TCPClient`.
    init(
        port: UInt16, _ query: String = "", lastEventID: Int? = nil, headers: [String] = [], receiveBuffer: Int32? = nil
    ) async throws {
        client = try TCPClient(port: port, receiveBuffer: receiveBuffer)
        let resume = lastEventID.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        let more = headers.map { $0 + "\r\n" }.joined()
        await client.send("GET /api/v1/events\(query) HTTP/1.1\r\nHost: localhost\r\n\(resume)\(more)\r\n")
    }

    /// Reads what has arrived; false at the end.
    @discardableResult
    func read() -> Bool {
        while true {
            guard let bytes = client.receive() else { return false }
            if bytes.isEmpty { return true }
            raw += bytes
            parse()
        }
    }

    /// Reads until an event is there.
    func waitFor(_ what: (Event) -> Bool, within seconds: Double = 60) async -> Event? {
        var found: Event?
        _ = await eventually(within: seconds) {
            let isOpen = read()
            found = events.first(where: what)
            return found != nil || !isOpen
        }
        return found
    }

    /// The numbers of the changes so far.
    var seqs: [Int] { events.compactMap(\.seq) }

    private func parse() {
        if head.isEmpty {
            guard let end = raw.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
            head = String(decoding: raw[..<end.lowerBound], as: UTF8.self)
            raw.removeSubrange(..<end.upperBound)
        }
        // The chunks.
        while let end = raw.firstRange(of: [13, 10]) {
            guard let count = Int(String(decoding: raw[..<end.lowerBound], as: UTF8.self), radix: 16),
                raw.count >= end.upperBound + count + 2
            else { break }
            text += raw[end.upperBound..<(end.upperBound + count)]
            raw.removeSubrange(..<(end.upperBound + count + 2))
        }
        while let end = text.firstRange(of: [10, 10]) {
            let block = String(decoding: text[..<end.lowerBound], as: UTF8.self)
            text.removeSubrange(..<end.upperBound)
            take(block)
        }
    }

    private func take(_ block: String) {
        var event = Event(name: "message", data: "")
        for line in block.split(separator: "\n") {
            let field = line.prefix { $0 != ":" }
            let value = String(line.dropFirst(field.count + 2))
            switch field {
            case "": comments += 1
            case "event": event.name = value
            case "id": event.id = value
            case "data": event.data += value
            default: break
            }
        }
        if !event.data.isEmpty { events.append(event) }
    }
}
