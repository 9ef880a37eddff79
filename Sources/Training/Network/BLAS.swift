// SPDX-License-Identifier: GPL-3.0-or-later

import COpenBLAS

/// What is used of BLAS, on row-major matrices.
///
/// The library's own threads are switched off: work is divided above it, in parts whose results are combined in a fixed
/// order, which leaves no core idle between the products and gives the same bits on any number of cores.
enum BLAS {
    static let useOneThread: Void = openblas_set_num_threads(1)

    /// C = `scale`·A·B + `keeping`·C, where A is [rows, inner] and B is [inner, columns], if need be after transposition.
    ///
    /// A stride is the distance of a matrix's rows as they lie in memory, where it is more than their length.
    @inline(__always)
    static func multiply(
        _ a: UnsafePointer<Float>, transposingA: Bool = false, strideA: Int? = nil,
        _ b: UnsafePointer<Float>, transposingB: Bool = false, strideB: Int? = nil,
        rows: Int, columns: Int, inner: Int, scale alpha: Float = 1, keeping beta: Float = 0,
        into c: UnsafeMutablePointer<Float>, strideC: Int? = nil
    ) {
        _ = useOneThread
        cblas_sgemm(
            CblasRowMajor, transposingA ? CblasTrans : CblasNoTrans, transposingB ? CblasTrans : CblasNoTrans,
            Int32(rows), Int32(columns), Int32(inner), alpha,
            a, Int32(strideA ?? (transposingA ? rows : inner)), b, Int32(strideB ?? (transposingB ? inner : columns)),
            beta, c, Int32(strideC ?? columns))
    }
}
