// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CStartup
import Glibc

/// A pipe that is open and read without blocking; closed when the last reference goes.
final class OpenedPipe: Sendable {
    let descriptor: Int32
    /// The file that the FIFO's name must still stand for; nil for standard input.
    let identity: FileIdentity?
    /// The thread that fills the pipe, where standard input is something else.
    let pump: InputPump?

    private init(_ descriptor: Int32, identity: FileIdentity? = nil, pump: InputPump? = nil) {
        self.descriptor = descriptor
        self.identity = identity
        self.pump = pump
    }

    deinit {
        close(descriptor)
        pump?.stop()
    }

    /// Opens a FIFO by its name.
    ///
    /// - Parameter isStation: whether a station makes it, in its own folder: a link that it puts there is not followed to
    ///   what genred can read elsewhere.
    static func fifo(_ path: String, isStation: Bool = false) throws(CaptureError) -> OpenedPipe {
        let name = printable(path)
        let flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | (isStation ? O_NOFOLLOW : 0)
        let descriptor = PathText.withPath(path) { open($0, flags) }
        guard descriptor >= 0 else {
            let code = errno
            let hint =
                switch code {
                case ENOENT where path.hasPrefix("~"): "; only a shell expands ~, so write the whole path"
                case ENOENT where !isStation: "; make it first: mkfifo \(name)"
                case ELOOP where isStation: "; a station's FIFO is no symbolic link"
                case EACCES: "; its mode or owner does not let this user read it"
                case EMFILE, ENFILE: "; raise LimitNOFILE of the unit, or have fewer clients"
                case ENXIO: "; this is a socket, and genred reads FIFOs: mkfifo PATH"
                default: ""
                }
            throw CaptureError(
                .cannotOpen, "\(name) cannot be opened: \(systemMessage(code))\(hint)", call: "open", errno: code)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else {
            close(descriptor)
            let kind =
                switch status.st_mode & S_IFMT {
                case S_IFREG: isStation ? "a file" : "a file: write file:\(name)"
                case S_IFDIR: "a directory"
                default: "a device"
                }
            throw CaptureError(.cannotOpen, "\(name) is not a FIFO but \(kind)")
        }
        return OpenedPipe(descriptor, identity: FileIdentity(status))
    }

    /// Opens standard input a second time. Its own descriptor is shared with other processes, which would be surprised
    /// to find it in non-blocking mode.
    static func standardInput() throws(CaptureError) -> OpenedPipe {
        if isatty(STDIN_FILENO) == 1 {
            throw CaptureError(
                .unreadable, "standard input is a terminal; pipe audio in: ffmpeg -i URL -f wav - | genred …")
        }
        if standard_input_was_closed() {
            throw CaptureError(
                .cannotOpen, "standard input is closed; pipe audio in: ffmpeg -i URL -f wav - | genred …")
        }
        var status = stat()
        guard fstat(STDIN_FILENO, &status) == 0 else {
            throw CaptureError(.cannotOpen, "standard input is closed", call: "fstat", errno: errno)
        }
        if status.st_mode & S_IFMT == S_IFIFO {
            let descriptor = open("/proc/self/fd/\(STDIN_FILENO)", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            if descriptor >= 0 { return OpenedPipe(descriptor) }
        }
        let pump = try InputPump()
        return OpenedPipe(pump.readEnd, pump: pump)
    }
}
