import Foundation

/// A regular file of at most `limit` bytes; a folder, a device or a FIFO is refused rather than waited for.
func readFile(_ path: String, limit: Int) throws(TrainingError) -> [UInt8] {
    var information = stat()
    guard stat(path, &information) == 0 else {
        throw TrainingError(
            .cannotRead, "cannot read '\(path)': \(String(cString: strerror(errno)))", call: "stat", errno: errno)
    }
    guard information.st_mode & S_IFMT == S_IFREG else {
        throw TrainingError(.cannotRead, "cannot read '\(path)': not a regular file")
    }
    guard information.st_size <= limit else {
        throw TrainingError(.malformed, "'\(path)' has \(information.st_size) bytes; at most \(limit) are read")
    }
    do {
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
        throw TrainingError(.cannotRead, "cannot read '\(path)': \(reason(error))")
    }
}

/// Writes beside the target and renames: a reader sees the old file or the new one, never half of one.
public func writeFile(_ bytes: some Sequence<UInt8>, to path: String) throws(TrainingError) {
    do {
        try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
        throw TrainingError(.cannotWrite, "cannot write '\(path)': \(reason(error))")
    }
}

/// Throws where `writeFile` would, and leaves what is there.
public func checkWritable(_ path: String) throws(TrainingError) {
    let trial = path + ".tmp"
    try writeFile([], to: trial)
    unlink(trial)
}

/// Makes a folder and those above it, if they do not exist.
public func makeFolder(_ path: String) throws(TrainingError) {
    do {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
        throw TrainingError(.cannotWrite, "cannot make the folder '\(path)': \(reason(error))")
    }
}

/// The names in a folder, sorted by their bytes, without hidden ones.
public func listFolder(_ path: String) throws(TrainingError) -> [String] {
    do {
        return try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    } catch {
        throw TrainingError(.cannotRead, "cannot list the folder '\(path)': \(reason(error))")
    }
}

/// Whether there is a folder at `path`.
public func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
}

/// The system's own words for what Foundation wraps.
private func reason(_ error: any Error) -> String {
    let error = error as NSError
    let system = error.userInfo[NSUnderlyingErrorKey] as? NSError ?? error
    return system.domain == NSPOSIXErrorDomain
        ? String(cString: strerror(Int32(system.code))) : error.localizedDescription
}
