// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Glibc

/// The terminal of a full-screen view. `enter` switches to a separate screen without cursor and echo; `leave` restores
/// everything.
final class Terminal {
    private let output: Int32
    /// The descriptor that keys are read from: standard input or, if that is not a terminal, the controlling terminal.
    let input: Int32
    private let ownsInput: Bool
    private var saved: termios?
    private var shown: [String] = []
    private var shownSize = Size(columns: 0, rows: 0)

    struct Size: Equatable {
        var columns: Int
        var rows: Int
    }

    /// Nil if `output` is not a terminal, or one that cannot move its cursor (Emacs' shell, some consoles of CI).
    init?(output: Int32 = STDOUT_FILENO) {
        guard isatty(output) == 1, let kind = SocketPath.variable("TERM"), kind != "dumb", !kind.isEmpty else {
            return nil
        }
        self.output = output
        ownsInput = isatty(STDIN_FILENO) != 1
        input = ownsInput ? open("/dev/tty", O_RDONLY | O_CLOEXEC) : STDIN_FILENO
    }

    deinit {
        leave()
        if ownsInput && input >= 0 { close(input) }
    }

    var size: Size {
        var window = winsize()
        guard ioctl(output, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0, window.ws_row > 0 else {
            return Size(columns: 80, rows: 24)
        }
        return Size(columns: Int(window.ws_col), rows: Int(window.ws_row))
    }

    func enter() {
        guard saved == nil else { return }
        var settings = termios()
        if input >= 0, tcgetattr(input, &settings) == 0 {
            saved = settings
            // Keys arrive one by one, without echo. Ctrl-C and Ctrl-Z remain signals.
            settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
            tcsetattr(input, TCSADRAIN, &settings)
        } else {
            saved = settings
        }
        write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J")
        shown = []
    }

    func leave() {
        guard var settings = saved else { return }
        saved = nil
        write("\u{1B}[0m\u{1B}[?25h\u{1B}[?1049l")
        // Keys that are still unread were meant for the view, not for the shell.
        if input >= 0 { tcsetattr(input, TCSAFLUSH, &settings) }
    }

    /// Shows the lines as one frame. Only changed lines are sent.
    func show(_ lines: [String], size: Size) {
        var frame = ""
        if size != shownSize {
            frame += "\u{1B}[2J"
            shown = []
            shownSize = size
        }
        for row in 0..<max(lines.count, shown.count) {
            let line = row < lines.count ? lines[row] : ""
            if row < shown.count, shown[row] == line { continue }
            // Erase first: after a line that fills its row, erasing would remove its last character.
            frame += "\u{1B}[\(row + 1);1H\u{1B}[2K\(line)"
        }
        shown = lines
        // Synchronised output: terminals that support it show the frame at once, others ignore it.
        if !frame.isEmpty { write("\u{1B}[?2026h\(frame)\u{1B}[?2026l") }
    }

    private func write(_ text: String) { _ = writeAll(text.utf8, to: output) }
}
