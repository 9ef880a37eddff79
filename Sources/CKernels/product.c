// SPDX-License-Identifier: GPL-3.0-or-later

#include "choice.h"
#include "kernels.h"

typedef float sixteen_floats __attribute__((vector_size(64)));
typedef float unaligned_sixteen_floats __attribute__((vector_size(64), aligned(4)));

BODY void multiply(const float *matrix, const float *vector, ptrdiff_t rows, ptrdiff_t length, float *output)
{
    for (ptrdiff_t row = 0; row < rows; row++, matrix += length) {
        sixteen_floats sums = {0};
        ptrdiff_t i = 0;
        for (; i + 16 <= length; i += 16)
            sums += *(const unaligned_sixteen_floats *)(matrix + i) * *(const unaligned_sixteen_floats *)(vector + i);
        float sum = 0;
        for (int lane = 0; lane < 16; lane++) sum += sums[lane];
        for (; i < length; i++) sum += matrix[i] * vector[i];
        output[row] = sum;
    }
}

COMPILE(
    void, multiply, (const float *matrix, const float *vector, ptrdiff_t rows, ptrdiff_t length, float *output), matrix,
    vector, rows, length, output)
