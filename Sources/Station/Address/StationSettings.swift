// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

/// What a station's file says: lines of `key=value`, in which every mistake has a place. The values are verbatim, so that
/// a password needs no quotes.
struct StationSettings: Sendable, Equatable {
    /// The most bytes of a file.
    static let largestFile = 64 * 1024

    var url: StationURL
    /// The request's User-Agent.
    var agent = "genred-station/\(genredVersion)"
    /// Further headers, `Name: value`, sent to the URL's own host alone.
    var headers: [String] = []
    /// A file of certificates to trust instead of the system's.
    var authorities: String?

    init(url: StationURL) { self.url = url }

    private static let keys = ["url", "user", "password", "user-agent", "header", "ca"]

    /// Reads the bytes of a file. Throws every mistake: `FILE:LINE: what is wrong`.
    init(_ bytes: [UInt8], file: String) throws(StationConfigurationError) {
        var reader = Reader(file: file)
        reader.read(bytes)
        let (values, url) = (reader.values, reader.url)
        guard reader.problems.isEmpty, var url else {
            if reader.problems.isEmpty {
                reader.problems.append("\(file): no url: add a line such as url=https://example.org/live.mp3")
            }
            throw StationConfigurationError(lines: reader.problems)
        }
        url.user = values["user"] ?? url.user
        url.password = values["password"] ?? url.password
        self.init(url: url)
        agent = values["user-agent"] ?? agent
        headers = reader.headers
        authorities = values["ca"]
    }

    private struct Reader {
        let file: String
        var problems: [String] = []
        var values: [String: String] = [:]
        var headers: [String] = []
        var url: StationURL?

        mutating func read(_ bytes: [UInt8]) {
            var number = 0
            let withoutMark = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
            for line in withoutMark.split(separator: 10, omittingEmptySubsequences: false) {
                number += 1
                guard let text = String(validating: line, as: UTF8.self) else {
                    problems.append("\(file):\(number): not UTF-8")
                    continue
                }
                let problem = read(line: text.hasSuffix("\r") ? String(text.dropLast()) : text)
                if let problem { problems.append("\(file):\(number): \(problem)") }
            }
            if url?.password != nil, values["password"] != nil {
                problems.append("\(file): the password is in url and in password: remove one of them")
            } else if values["password"] != nil, values["user"] == nil, url?.user == nil {
                problems.append("\(file): a password without a user: add a line user=NAME")
            }
        }

        /// Returns what is wrong with a line.
        private mutating func read(line: String) -> String? {
            let trimmed = StationText.trimmed(line)
            if trimmed.isEmpty || trimmed.hasPrefix("#") { return nil }
            guard let equals = trimmed.firstIndex(of: "=") else {
                return "a line is KEY=VALUE, such as url=https://example.org/live.mp3, or begins with #"
            }
            let key = StationText.trimmed(String(trimmed[..<equals]))
            let value = StationText.trimmed(String(trimmed[trimmed.index(after: equals)...]))
            guard StationSettings.keys.contains(key) else {
                let known = nearest(to: key, among: StationSettings.keys).map { "did you mean \($0)?" }
                return
                    "unknown key \(quoted(key)); \(known ?? "known are \(StationSettings.keys.joined(separator: ", "))")"
            }
            guard !value.isEmpty else { return "\(key) has no value: remove the line, or write it after the =" }
            guard !value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
                return "\(key) has a control character in it"
            }
            if key == "header" { return add(header: value) }
            guard values[key] == nil else { return "\(key) is there a second time: remove one of them" }
            values[key] = value
            return check(key, value)
        }

        private mutating func check(_ key: String, _ value: String) -> String? {
            switch key {
            case "url":
                if let first = value.first, "\"'".contains(first) { return "url: write it without quotes" }
                do throws(StationFailure) {
                    url = try StationURL(value)
                } catch {
                    return "url: \(error.reason)"
                }
            case "ca":
                guard value.hasPrefix("/") else { return "ca: \(quoted(value)) is not an absolute path" }
                do throws(FileError) {
                    let bytes = try readWholeFile(value, limit: 16 << 20)
                    guard String(decoding: bytes, as: UTF8.self).contains("-----BEGIN") else {
                        return "ca: \(quoted(value)) holds no certificate in PEM"
                    }
                } catch {
                    return "ca: \(quoted(value)): \(error)"
                }
            default: break
            }
            return nil
        }

        private mutating func add(header: String) -> String? {
            let parts = header.split(separator: ":", maxSplits: 1)
            let isName = parts.first?.utf8.allSatisfy { (33...126).contains($0) } == true
            guard parts.count == 2, isName, !StationText.trimmed(String(parts[1])).isEmpty else {
                return "header: write it as header=NAME: VALUE"
            }
            guard headers.count < 20 else { return "header: at most 20 are sent" }
            headers.append(header)
            return nil
        }
    }
}

/// The mistakes in a station's file: one line for each.
struct StationConfigurationError: Error, Sendable, Equatable {
    var lines: [String]
}
