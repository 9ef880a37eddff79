import Glibc

/// Reads a pipe's descriptor into a reused buffer and decodes what comes.
struct PipeReader: ~Copyable {
    enum Progress: Equatable {
        /// Something was read.
        case some
        /// Nothing came for a second.
        case none
        /// All writers are gone.
        case end
        case stopped
    }

    /// Bytes of one read: what a pipe holds by default.
    private static let capacity = 64 << 10

    var fileDescriptor: Int32
    private let name: String
    private var decoder: PipeDecoder
    /// Owned by this value, which cannot be copied, and used by the source's thread alone.
    private let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
    private let mono = UnsafeMutableBufferPointer<Float>.allocate(capacity: capacity / 2)
    /// How many of `bytes` are left over from the read before.
    private var filled = 0

    init(_ fileDescriptor: Int32, name: String, _ format: RequestedFormat) {
        self.fileDescriptor = fileDescriptor
        self.name = name
        decoder = PipeDecoder(device: name, requested: format)
    }

    deinit {
        bytes.deallocate()
        mono.deallocate()
    }

    /// Waits for bytes for a second at most, and decodes what is there.
    mutating func read(
        _ signal: StopSignal, emit: (PipeDecoder.Output) -> Void
    ) throws(CaptureError) -> Progress {
        switch try wait(signal) {
        case .some: break
        case let other: return other
        }
        let count = Glibc.read(fileDescriptor, bytes.baseAddress! + filled, bytes.count - filled)
        if count < 0 {
            let code = errno
            if code == EAGAIN || code == EINTR { return .some }
            throw CaptureError(
                .readFailed, "\(name) cannot be read: \(systemMessage(code))", call: "read", errno: code)
        }
        filled += count
        let used = decoder.decode(
            UnsafeRawBufferPointer(rebasing: bytes[..<filled]), atEnd: count == 0, mono: mono, emit: emit)
        filled -= used
        if used > 0, filled > 0 { memmove(bytes.baseAddress!, bytes.baseAddress! + used, filled) }
        return count == 0 ? .end : .some
    }

    private func wait(_ signal: StopSignal) throws(CaptureError) -> Progress {
        // A tuple, not an array: nothing is allocated.
        var descriptors = (
            pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: signal.fileDescriptor, events: Int16(POLLIN), revents: 0)
        )
        let ready = withUnsafeMutablePointer(to: &descriptors) {
            $0.withMemoryRebound(to: pollfd.self, capacity: 2) { poll($0, 2, 1000) }
        }
        if signal.isRaised { return .stopped }
        if descriptors.0.revents & Int16(POLLNVAL) != 0 {
            throw CaptureError(.cannotOpen, "\(name) is closed", call: "poll", errno: EBADF)
        }
        // POLLHUP and POLLERR, too, are for read to tell.
        return ready > 0 && descriptors.0.revents != 0 ? .some : .none
    }
}
