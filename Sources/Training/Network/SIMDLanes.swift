// SPDX-License-Identifier: GPL-3.0-or-later

/// SIMD operations on consecutive channels. The compiler vectorises plain loops only if they use few arrays and no
/// conditions.
enum SIMDLanes {
    typealias Vector = SIMD8<Float>

    /// Calls `body(first, lanes)` for groups of `lanes` channels from `first` on. All groups but the last fill a vector.
    @inline(__always)
    static func forEach(_ channels: Int, _ body: (_ first: Int, _ lanes: Int) -> Void) {
        var first = 0
        while first + Vector.scalarCount <= channels {
            body(first, Vector.scalarCount)
            first += Vector.scalarCount
        }
        if first < channels { body(first, channels - first) }
    }

    /// Loads `lanes` numbers; the other lanes are 0.
    @inline(__always)
    static func load(_ pointer: UnsafePointer<Float>, _ lanes: Int) -> Vector {
        if lanes == Vector.scalarCount { return UnsafeRawPointer(pointer).loadUnaligned(as: Vector.self) }
        var vector = Vector.zero
        for lane in 0..<lanes { vector[lane] = pointer[lane] }
        return vector
    }

    @inline(__always)
    static func store(_ vector: Vector, _ pointer: UnsafeMutablePointer<Float>, _ lanes: Int) {
        if lanes == Vector.scalarCount {
            UnsafeMutableRawPointer(pointer).storeBytes(of: vector, as: Vector.self)
        } else {
            for lane in 0..<lanes { pointer[lane] = vector[lane] }
        }
    }

    @inline(__always)
    static func larger(_ a: Vector, _ b: Vector) -> Vector { a.replacing(with: b, where: b .> a) }
}
