// SPDX-License-Identifier: GPL-3.0-or-later

/// Weights as a model file gives them, one row per output. Those that are exact in half precision, as in most files, take
/// half the memory.
struct WeightMatrix: Sendable {
    private enum Values {
        case single([Float])
        case half([Float16])
    }

    let rows: Int
    let length: Int
    private let values: Values

    /// - Parameter values: [rows, length].
    init(_ values: [Float], rows: Int) {
        self.rows = rows
        length = values.count / rows
        self.values =
            values.allSatisfy { Float(Float16($0)) == $0 } ? .half(values.map { Float16($0) }) : .single(values)
    }

    /// [rows, length].
    var floats: [Float] {
        switch values {
        case .single(let values): values
        case .half(let values): values.map(Float.init)
        }
    }
}
