// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import GRDB

/// Reads values of a file that may be damaged. GRDB's own subscripts trap on a value of another type.
extension Row {
    func text(_ index: Int) throws -> String { try value(index) }

    func optionalText(_ index: Int) throws -> String? { hasNull(atIndex: index) ? nil : try text(index) }

    /// Reads the number of a row.
    func rowNumber(_ index: Int) throws -> Int {
        let number: Int = try value(index)
        guard abs(number) <= ChangeNumbers.largest else { throw Self.damaged }
        return number
    }

    /// Reads a finite number.
    func number(_ index: Int) throws -> Double {
        let number: Double = try value(index)
        guard number.isFinite else { throw Self.damaged }
        return number
    }

    /// Reads a time, stored as milliseconds since 1970.
    func time(_ index: Int) throws -> Timestamp { Timestamp(milliseconds: try value(index)) }

    private func value<Value: DatabaseValueConvertible>(_ index: Int) throws -> Value {
        let stored: DatabaseValue = self[index]
        guard let value = Value.fromDatabaseValue(stored) else { throw Self.damaged }
        return value
    }

    private static let damaged = DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a value of another type")
}
