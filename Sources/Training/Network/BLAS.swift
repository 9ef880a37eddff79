// SPDX-License-Identifier: GPL-3.0-or-later

import COpenBLAS

/// Matrix products on row-major matrices, by OpenBLAS.
///
/// The library's own threads are disabled. Work is divided into parts above it, and their results are combined in a fixed
/// order: no core is idle between two products, and results are bit for bit the same on any number of cores.
enum BLAS {
    static let useOneThread: Void = openblas_set_num_threads(1)

    /// Computes C = `scale`·A·B + `keeping`·C, where A is [rows, inner] and B is [inner, columns], each optionally transposed.
    ///
    /// A stride is the distance between rows in memory; by default it is their length.
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
