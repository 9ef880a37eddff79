// SPDX-License-Identifier: GPL-3.0-or-later

#include <cblas.h>
#include <stddef.h>

// LAPACK's solver of symmetric positive definite systems, as Fortran calls it. Debian's OpenBLAS has LAPACK in it; the
// header that declares it for C is another package's. The last argument is the length of the first, as gfortran passes it.
void dposv_(
    const char *triangle, const int *order, const int *columns, double *matrix, const int *matrixStride, double *vectors,
    const int *vectorStride, int *info, size_t triangleLength);
