// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Glibc

/// Turns lines into text for a terminal, with the colours and characters that it supports.
struct Painter: Sendable, Equatable {
    enum Colours: Sendable { case none, basic, extended }

    var colours: Colours
    var isUnicode: Bool

    /// A painter for files and pipes: plain text in UTF-8.
    static let plain = Painter(colours: .none, isUnicode: true)

    init(colours: Colours, isUnicode: Bool) {
        self.colours = colours
        self.isUnicode = isUnicode
    }

    /// Chooses by whether `descriptor` is a terminal, then by `NO_COLOR`, `TERM` and the locale's variables.
    init(descriptor: Int32, environment: (String) -> String? = SocketPath.variable) {
        guard isatty(descriptor) == 1 else {
            self = .plain
            return
        }
        self.init(environment: environment)
    }

    /// Chooses the painter for a terminal.
    init(environment: (String) -> String?) {
        func set(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
        let terminal = set("TERM") ?? "dumb"
        if set("NO_COLOR") != nil || terminal == "dumb" {
            colours = .none
        } else if set("COLORTERM") == nil,
            ["linux", "ansi", "cons25", "xterm-color"].contains(terminal)
        {
            colours = .basic
        } else {
            colours = .extended
        }
        let locale = (set("LC_ALL") ?? set("LC_CTYPE") ?? set("LANG") ?? "C").uppercased()
        isUnicode = locale.contains("UTF-8") || locale.contains("UTF8")
    }

    /// Returns the line with its escape sequences, without a newline.
    func paint(_ line: Line) -> String {
        var output = ""
        for span in line.spans {
            let codes = colours == .none ? (span.style.isBold ? "1" : "") : codes(span.style)
            if codes.isEmpty || self == .plain {
                output += text(span.text)
            } else {
                output += "\u{1B}[\(codes)m\(text(span.text))\u{1B}[0m"
            }
        }
        return output
    }

    private func text(_ text: String) -> String {
        if isUnicode { return text }
        var ascii = ""
        for character in text {
            if character.isASCII {
                ascii.append(character)
            } else {
                // The same width as before, so that columns stay aligned.
                ascii +=
                    Self.replacements[character]
                    ?? String(repeating: "?", count: DisplayText.width(String(character)))
            }
        }
        return ascii
    }

    /// ASCII replacements for the characters that the views draw with.
    private static let replacements: [Character: String] = [
        "…": "~", "·": "-", "─": "-", "│": "|", "●": "*", "○": "o", "▸": ">", "■": "#", "↑": "^",
        "↓": "v", "←": "<",
        "→": ">", "█": "#", "▉": "#", "▊": "#", "▋": "#", "▌": "#", "▍": "-", "▎": "-", "▏": "-",
        "╌": ".", "┊": "|",
    ]

    private func codes(_ style: Style) -> String {
        var codes: [String] = []
        if style.isBold { codes.append("1") }
        if let colour = style.foreground { codes.append(code(colour, base: 30)) }
        if let colour = style.background { codes.append(code(colour, base: 40)) }
        return codes.joined(separator: ";")
    }

    private func code(_ colour: Colour, base: Int) -> String {
        if colours == .extended { return "\(base + 8);5;\(colour.extended)" }
        return String(colour.basic < 8 ? base + Int(colour.basic) : base + 60 + Int(colour.basic) - 8)
    }
}
