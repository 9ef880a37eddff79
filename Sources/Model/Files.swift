import Foundation

/// A whole file of at most `limit` bytes; a directory, a device or a FIFO is refused rather than waited for.
func readFile(_ path: String, limit: Int) throws(ModelError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
        throw ModelError(.cannotRead, String(cString: strerror(errno)), call: "open", errno: errno)
    }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else {
        throw ModelError(.cannotRead, String(cString: strerror(errno)), call: "fstat", errno: errno)
    }
    guard information.st_mode & S_IFMT == S_IFREG else { throw ModelError(.cannotRead, "not a regular file") }
    guard information.st_size <= limit else {
        throw ModelError(.malformed, "\(information.st_size) bytes; a model has at most \(limit)")
    }
    var bytes = [UInt8](repeating: 0, count: Int(information.st_size))
    var filled = 0
    while filled < bytes.count {
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + filled, $0.count - filled) }
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else {
            throw ModelError(.cannotRead, String(cString: strerror(errno)), call: "read", errno: errno)
        }
        if count == 0 { break }
        filled += count
    }
    return Array(bytes[..<filled])
}

/// Writes beside the target and renames: a reader sees the old file or the new one, never half of one.
func writeFile(_ bytes: [UInt8], to path: String) throws(ModelError) {
    let temporary = "\(path).\(getpid()).tmp"
    func failure(_ call: String) -> ModelError {
        let code = errno
        unlink(temporary)
        return ModelError(
            .cannotWrite, "cannot write '\(path)': \(String(cString: strerror(code)))", call: call, errno: code)
    }
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure("open") }
    var written = 0
    while written < bytes.count {
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, $0.count - written) }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else {
            let error = failure("write")
            close(descriptor)
            throw error
        }
        written += count
    }
    guard close(descriptor) == 0 else { throw failure("close") }
    guard rename(temporary, path) == 0 else { throw failure("rename") }
}
