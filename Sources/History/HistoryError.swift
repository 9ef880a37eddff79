import GRDB
import Glibc

/// Why the history's file cannot be used now.
struct HistoryError: Error, Sendable, CustomStringConvertible {
    enum Code: Sendable {
        /// No room on the disk, or more than the user may have.
        case full
        /// Another process has it.
        case inUse
        /// It was ours and cannot be read any more.
        case damaged
        /// It is something else, or of a newer genred: not to be touched.
        case foreign
        /// The system does not let us.
        case failed
    }

    var code: Code
    /// What happened, where, and what to do.
    var message: String
    /// SQLite's extended result code or the system's error number; 0 for neither.
    var number: Int32 = 0
    /// What gave that number.
    var call = ""

    var description: String { number == 0 ? message : "\(message) (\(call), error \(number))" }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What the C library refused; `errno` says why.
    init(_ what: String, call: String, errno number: Int32 = errno) {
        code = number == ENOSPC || number == EDQUOT ? .full : .failed
        message = "\(what): \(String(cString: strerror(number)))\(Self.advice(code))"
        self.number = number
        self.call = call
    }

    /// What SQLite refused.
    init(_ error: any Error, path: String) {
        guard let error = error as? DatabaseError else {
            self.init(.failed, "\(path) cannot be used: \(error)")
            return
        }
        let what = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(.damaged, "\(path) is damaged: \(what)")
        case .SQLITE_FULL: self.init(.full, "no room for \(path)\(Self.advice(.full))")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.inUse, "another program has \(path) locked; close it")
        default:
            self.init(.failed, "\(path) cannot be used: \(what)\(Self.advice(.failed))")
        }
        number = error.extendedResultCode.rawValue
        call = "SQLite"
    }

    private static func advice(_ code: Code) -> String {
        switch code {
        case .full: "; make room on the disk"
        case .failed: "; let genred write there, or choose another place with history: {path:}"
        case .inUse, .damaged, .foreign: ""
        }
    }
}
