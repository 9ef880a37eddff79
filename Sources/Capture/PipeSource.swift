import Glibc

/// Standard input or a FIFO that carries raw PCM or WAV.
///
/// Nothing is read before the sink has taken what was read before: the writer waits meanwhile, and nothing is lost.
/// Standard input ends; a FIFO waits for its next writer for ever.
final class PipeSource: AudioSource {
    enum Place: Sendable {
        case standardInput
        case fifo(String)
    }

    let isRealTime = false

    private let place: Place
    private let format: RequestedFormat
    private let thread: SourceThread

    init(_ place: Place, format: RequestedFormat) {
        self.place = place
        self.format = format
        switch place {
        case .standardInput: thread = SourceThread(name: "pipe stdin")
        case .fifo(let path): thread = SourceThread(name: "pipe \(path.split(separator: "/").last ?? "")")
        }
    }

    func start(_ sink: any AudioSink) {
        thread.start(sink) { [place, format] gate, signal in
            switch place {
            case .standardInput: Self.readStandardInput(format, gate, signal)
            case .fifo(let path): Self.readFIFO(path, format, gate, signal)
            }
        }
    }

    func stop() { thread.stop() }

    // MARK: Standard input

    private static func readStandardInput(_ format: RequestedFormat, _ gate: SinkGate, _ signal: StopSignal) {
        do throws(CaptureError) {
            if isatty(STDIN_FILENO) == 1 {
                throw CaptureError(
                    .unreadable, "standard input is a terminal; pipe audio in: ffmpeg -i URL -f wav - | genred …")
            }
            var reader = PipeReader(STDIN_FILENO, name: "standard input", format)
            var hasAudio = false
            while !signal.isRaised {
                var refusal: CaptureError?
                let progress = try reader.read(signal) { output in
                    switch output {
                    case .opened(let format): gate.handle(.opened(format))
                    case .samples(let samples):
                        hasAudio = true
                        gate.deliver(samples)
                    case .refused(let error): refusal = error
                    }
                }
                if let refusal { throw refusal }
                guard progress == .end else { continue }
                if !hasAudio {
                    throw CaptureError(
                        .unreadable, "standard input ended before any audio came; does the program before the | fail?")
                }
                gate.handle(.ended(nil))
                return
            }
        } catch {
            gate.handle(.ended(error))
        }
    }

    // MARK: FIFO

    private static func readFIFO(
        _ path: String, _ format: RequestedFormat, _ gate: SinkGate, _ signal: StopSignal
    ) {
        // What is there and no FIFO is a mistake, and told as one; a FIFO that is missing may be made later.
        var first: Int32?
        do throws(CaptureError) {
            first = try openFIFO(path)
        } catch {
            guard error.call == "open" else { return gate.handle(.ended(error)) }
        }
        // Stopped before the first attempt, nobody took it.
        defer { if let first { close(first) } }
        reconnecting(gate, signal) { () throws(CaptureError) in
            let descriptor = if let taken = first.take() { taken } else { try openFIFO(path) }
            var reader = PipeReader(descriptor, name: path, format)
            defer { close(reader.fileDescriptor) }
            gate.handle(waiting(path))
            var hasWriter = false
            while !signal.isRaised {
                let progress = try reader.read(signal) { output in
                    hasWriter = true
                    switch output {
                    case .opened(let format): gate.handle(.opened(format))
                    case .samples(let samples): gate.deliver(samples)
                    case .refused(let error): gate.handle(.lost(error))
                    }
                }
                switch progress {
                case .some, .stopped:
                    break
                case .none:
                    // A writer that pauses may go on, though the FIFO lost its name; but where another FIFO has the
                    // name by now, writers wait there.
                    switch name(path, of: reader.fileDescriptor) {
                    case .same: break
                    case .missing: if !hasWriter { throw vanished(path) }
                    case .another: throw vanished(path)
                    }
                case .end:
                    // A new description forgets that there ever was a writer: the old one would be readable, with
                    // nothing to read, until the next. Opened first, so that what the next already wrote is kept.
                    let next = try openFIFO(path)
                    close(reader.fileDescriptor)
                    reader.fileDescriptor = next
                    if hasWriter { gate.handle(waiting(path)) }
                    hasWriter = false
                }
            }
        }
    }

    private static func openFIFO(_ path: String) throws(CaptureError) -> Int32 {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
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
        return descriptor
    }

    private enum Name { case same, another, missing }

    /// What a name stands for now: the file that was opened by it, or another.
    private static func name(_ path: String, of descriptor: Int32) -> Name {
        var (opened, named) = (stat(), stat())
        guard stat(path, &named) == 0, fstat(descriptor, &opened) == 0 else { return .missing }
        return opened.st_ino == named.st_ino && opened.st_dev == named.st_dev ? .same : .another
    }

    private static func waiting(_ path: String) -> CaptureEvent {
        .waiting("\(path) waits for a writer")
    }

    private static func vanished(_ path: String) -> CaptureError {
        CaptureError(.disconnected, "\(path) was removed or replaced; it is opened again when it is there")
    }
}
