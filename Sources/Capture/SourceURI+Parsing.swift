// SPDX-License-Identifier: GPL-3.0-or-later

import Basics

extension SourceURI {
    /// Parses a URI from a configuration or a command line.
    ///
    /// - Throws: `CaptureError` with the code `badURI`, whose message has the URI, its wrong part and what is allowed.
    package init(parsing text: String) throws(CaptureError) {
        let uri = URIText(text)
        if text.isEmpty {
            throw uri.error("the URI is empty; write one such as pulse:@DEFAULT_SOURCE@ or file:/music/set.flac")
        }
        if text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            throw uri.error("it holds a control character, which no device or path needs")
        }
        guard let colon = text.firstIndex(of: ":") else {
            let hint =
                text.hasPrefix("~")
                ? "; for a file write file: and its whole path, because only a shell expands ~"
                : text.contains("/") || text.contains(".") ? "; for a file write file:\(text)" : ""
            throw uri.error("it has no scheme; a source begins with \(Self.schemes)\(hint)")
        }
        let scheme = text[..<colon].lowercased()
        guard let kind = Kind(rawValue: scheme) else {
            let hint =
                ["http", "https", "rtsp", "rtp", "icecast"].contains(scheme)
                ? "; a station is station:NAME (man genred-station), or genred-station URL | genred --source radio=pipe:-"
                : ""
            throw uri.error("unknown scheme \(quoted(scheme)); a source begins with \(Self.schemes)\(hint)")
        }
        let rest = text[text.index(after: colon)...]
        let mark = rest.firstIndex(of: "?")
        let subject = String(rest[..<(mark ?? rest.endIndex)])
        var options = try uri.options(mark.map { rest[rest.index(after: $0)...] }, for: kind)
        use = try options.use()
        target =
            switch kind {
            case .alsa: try Self.alsa(subject, &options)
            case .pulse: try Self.pulse(subject, &options)
            case .pipe: try Self.pipe(subject, &options)
            case .station: try Self.station(subject, &options)
            case .file: try Self.file(subject, &options)
            }
    }

    private static let schemes = Kind.allCases.map { "\($0.rawValue):" }.joined(separator: ", ")

    private static func alsa(_ pcm: String, _ options: inout URIOptions) throws(CaptureError) -> Target {
        if pcm.isEmpty {
            throw options.uri.error("it names no PCM; the default one is alsa:default, and arecord -L lists all PCMs")
        }
        return .alsa(pcm: pcm, try options.format())
    }

    private static func pulse(_ source: String, _ options: inout URIOptions) throws(CaptureError) -> Target {
        let defaults = "pulse:@DEFAULT_SOURCE@ (a microphone) or pulse:@DEFAULT_MONITOR@ (what is played)"
        if source.isEmpty {
            throw options.uri.error("it names no source; write \(defaults), or one that pactl list short sources shows")
        }
        if source.hasPrefix("@"), !PulseSource.defaultNames.contains(source) {
            throw options.uri.error("unknown source \(quoted(source)); write \(defaults)")
        }
        let server = options.take("server")
        if server?.isEmpty == true {
            throw options.uri.error("server is empty; write one such as server=unix:/run/user/1000/pulse/native")
        }
        return .pulse(source: source, server: server)
    }

    private static func pipe(_ text: String, _ options: inout URIOptions) throws(CaptureError) -> Target {
        let path = try options.uri.path(text, example: "pipe:- for standard input, or pipe:/run/radio.fifo")
        let format = try options.format()
        return ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"].contains(path)
            ? .standardInput(format) : .fifo(path: path, format)
    }

    private static func station(_ name: String, _ options: inout URIOptions) throws(CaptureError) -> Target {
        if name.isEmpty { throw options.uri.error("it names no station; write one such as station:jazz24") }
        if let problem = StationName.problem(name) {
            let hint = name.contains("/") ? "; its URL belongs in /etc/genred/stations/NAME.conf" : ""
            throw options.uri.error(problem + hint)
        }
        guard let text = options.take("folder") else { return .station(StationPlace(name: name)) }
        var folder = try options.uri.path(text, example: "folder=\(StationPlace.usualFolder)")
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        return .station(StationPlace(name: name, folder: folder))
    }

    private static func file(_ text: String, _ options: inout URIOptions) throws(CaptureError) -> Target {
        let path = try options.uri.path(text, example: "file:/music/set.flac")
        if path == "-" { throw options.uri.error("file: reads a file; standard input is pipe:-") }
        let pace = try options.take("pace", among: Pace.allCases.map(\.rawValue)).flatMap(Pace.init) ?? .realtime
        let loops = try options.take("loop", among: ["true", "false"]) == "true"
        return .file(path: path, pace, loops: loops)
    }
}

/// The options of one URI, by name; each parser takes its own.
private struct URIOptions {
    let uri: URIText
    var values: [String: String]

    mutating func take(_ name: String) -> String? { values.removeValue(forKey: name) }

    mutating func take(_ name: String, among allowed: [String]) throws(CaptureError) -> String? {
        guard let value = take(name) else { return nil }
        guard allowed.contains(value) else {
            throw uri.error("\(name) must be \(allowed.joined(separator: " or ")), not \(quoted(value))")
        }
        return value
    }

    mutating func take(_ name: String, in range: ClosedRange<Int>, unit: String) throws(CaptureError) -> Int? {
        guard let value = take(name) else { return nil }
        // Int(_:) accepts signs, which nobody writes and which would not survive `description`.
        guard value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(value), range.contains(number)
        else {
            throw uri.error(
                "\(name) must be a whole number\(unit) from \(range.lowerBound) to \(range.upperBound), "
                    + "not \(quoted(value))")
        }
        return number
    }

    mutating func use() throws(CaptureError) -> ChannelSelection? {
        guard let value = take("use") else { return nil }
        guard let selection = ChannelSelection(value) else {
            throw uri.error("use must be \(ChannelSelection.rule), not \(quoted(value))")
        }
        return selection
    }

    mutating func format() throws(CaptureError) -> RequestedFormat {
        let formats = SampleFormat.allCases.map(\.rawValue)
        return RequestedFormat(
            rate: try take("rate", in: RequestedFormat.rates, unit: " of hertz"),
            channels: try take("channels", in: RequestedFormat.channelCounts, unit: ""),
            format: try take("format", among: formats).flatMap(SampleFormat.init))
    }
}

/// The text of a URI, and the errors about it.
private struct URIText {
    let text: String

    init(_ text: String) { self.text = text }

    func error(_ message: String) -> CaptureError {
        CaptureError(.badURI, "\(quoted(text)): \(message)")
    }

    func options(_ query: Substring?, for kind: SourceURI.Kind) throws(CaptureError) -> URIOptions {
        let allowed =
            switch kind {
            case .alsa, .pipe: ["rate", "channels", "format", "use"]
            case .pulse: ["server", "use"]
            case .station: ["folder", "use"]
            case .file: ["pace", "loop", "use"]
            }
        let hint = kind == .pipe || kind == .file ? "; a ? in a path is written %3F" : ""
        let takes = "\(kind.rawValue): takes \(allowed.joined(separator: ", "))\(hint)"
        var values: [String: String] = [:]
        for option in query?.split(separator: "&", omittingEmptySubsequences: false) ?? [] {
            guard let equals = option.firstIndex(of: "=") else {
                throw error("option \(quoted(option)) has no value, as in name=value; \(takes)")
            }
            let name = String(option[..<equals])
            guard allowed.contains(name) else {
                let hint = ["channel", "ch"].contains(name) ? "write use=1 to listen to channel 1 alone; " : ""
                throw error("unknown option \(quoted(name)); \(hint)\(takes)")
            }
            guard values.updateValue(String(option[option.index(after: equals)...]), forKey: name) == nil else {
                throw error("option \(name) is given twice")
            }
        }
        return URIOptions(uri: self, values: values)
    }

    /// The path after `pipe:`, `file:` or `folder=`: `/a`, `a/b`, or `///a` as other programs write it.
    func path(_ text: String, example: String) throws(CaptureError) -> String {
        var path = Substring(try percentDecoded(text))
        if path.isEmpty { throw error("it names no path; write \(example)") }
        if path.hasPrefix("//") {
            guard path.hasPrefix("///") else {
                throw error("it names a host, but only files of this machine can be read; write \(example)")
            }
            while path.hasPrefix("//") { path.removeFirst() }
        }
        return String(path)
    }

    private func percentDecoded(_ text: String) throws(CaptureError) -> String {
        var bytes: [UInt8] = []
        var rest = PathText.bytes(text)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
                throw error("a percent sign begins two hexadecimal digits; the sign itself is written %25")
            }
            bytes.append(high << 4 | low)
        }
        if bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw error("its path holds a control character after %XX is decoded, which no path needs")
        }
        return PathText.text(bytes)
    }

    private func hexDigit(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
    }
}
