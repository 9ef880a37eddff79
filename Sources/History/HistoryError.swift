// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import GRDB
import Glibc

/// The reason why the history's file cannot be used now.
typealias HistoryError = CodedError<HistoryErrorCode>

/// The kind of a `HistoryError`.
enum HistoryErrorCode: Sendable, Equatable {
    /// The disk or the user's quota is full.
    case full
    /// Another process is using the file.
    case inUse
    /// The file is a history that cannot be read any more.
    case damaged
    /// The file is something else, or a newer genred's: it must not be touched.
    case foreign
    /// The system refused.
    case failed
}

extension HistoryError {
    /// A failed system call.
    init(_ what: String, call: String, errno number: Int32 = Glibc.errno) {
        let code: Code = number == ENOSPC || number == EDQUOT ? .full : .failed
        self.init(code, "\(what): \(systemMessage(number))\(Self.advice(code))", call: call, errno: number)
    }

    /// A failed SQLite operation; its error number is SQLite's extended result code.
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
        errno = error.extendedResultCode.rawValue
        call = "SQLite"
    }

    /// Whether a row with the number is there already.
    var isConflict: Bool { call == "SQLite" && (errno ?? 0) & 0xFF == ResultCode.SQLITE_CONSTRAINT.rawValue }

    private static func advice(_ code: Code) -> String {
        switch code {
        case .full: "; make room on the disk"
        case .failed: "; let genred write there, or choose another path with history: {path:}"
        case .inUse, .damaged, .foreign: ""
        }
    }
}
