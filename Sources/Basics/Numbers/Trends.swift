// SPDX-License-Identifier: GPL-3.0-or-later

/// What a block of samples has in common with slow movements: a constant offset, a slope and bends. None of them is
/// sound, however large it is: what a card adds, what a hand on a microphone does.
///
/// Taking away polynomials block by block is a high-pass without memory: a step or a start disturbs one block. In blocks
/// of 60 ms, degree 3 leaves -81 dB of a 2 Hz wave, -26 dB of 10 Hz, -7 dB of 20 Hz, and takes less than 1 dB from 40 Hz
/// on; in blocks of 0.1 s, -63 dB of 2 Hz.
package enum Trends {
    /// The highest degree that is taken away.
    package static let degree = 3

    /// The polynomials of degree 0 to 3 over a block, made orthonormal: the share of samples in one is the square of
    /// their dot product with it. [degree + 1][count].
    package static func basis(count: Int) -> [[Double]] {
        var basis: [[Double]] = []
        for power in 0...degree {
            var values = (0..<count).map { index -> Double in
                let time = (2 * Double(index) + 1) / Double(count) - 1
                return (0..<power).reduce(1) { product, _ in product * time }
            }
            for other in basis {
                let share = zip(values, other).reduce(0) { $0 + $1.0 * $1.1 }
                for index in values.indices { values[index] -= share * other[index] }
            }
            let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            // A block of few samples is fully described by fewer polynomials.
            basis.append(length > 1e-9 ? values.map { $0 / length } : [Double](repeating: 0, count: count))
        }
        return basis
    }
}
