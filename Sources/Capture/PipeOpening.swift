// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc

/// A FIFO, opened by its name to be read without waiting.
struct OpenedFIFO {
    var descriptor: Int32
    var identity: FileIdentity

    init(_ path: String) throws(CaptureError) {
        descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            let hint =
                switch code {
                case ENOENT: "; make it first: mkfifo \(path)"
                case EACCES: "; its mode or owner does not let this user read it"
                case EMFILE, ENFILE: "; raise LimitNOFILE of the unit, or have fewer clients"
                case ENXIO: "; this is a socket, and a FIFO is read: mkfifo PATH"
                default: ""
                }
            throw CaptureError(
                .cannotOpen, "\(path) cannot be opened: \(systemMessage(code))\(hint)", call: "open", errno: code)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else {
            close(descriptor)
            let kind =
                switch status.st_mode & S_IFMT {
                case S_IFREG: "a file: write file:\(path)"
                case S_IFDIR: "a directory"
                default: "a device"
                }
            throw CaptureError(.cannotOpen, "\(path) is no FIFO but \(kind)")
        }
        identity = FileIdentity(status)
    }
}

/// Standard input as a pipe that is read without waiting.
///
/// Not its own descriptor made so: that is shared with other processes, who would be surprised.
struct OpenedInput {
    var descriptor: Int32
    /// What fills the pipe, where standard input is something else.
    var pump: InputPump?

    init() throws(CaptureError) {
        if isatty(STDIN_FILENO) == 1 {
            throw CaptureError(
                .unreadable, "standard input is a terminal; pipe audio in: ffmpeg -i URL -f wav - | genred …")
        }
        var status = stat()
        guard fstat(STDIN_FILENO, &status) == 0 else {
            throw CaptureError(.cannotOpen, "standard input is closed", call: "fstat", errno: errno)
        }
        descriptor = -1
        if status.st_mode & S_IFMT == S_IFIFO {
            descriptor = open("/proc/self/fd/\(STDIN_FILENO)", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        }
        if descriptor < 0 {
            let pump = try InputPump()
            descriptor = pump.readEnd
            self.pump = pump
        }
    }
}
