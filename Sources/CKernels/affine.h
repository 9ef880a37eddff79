// SPDX-License-Identifier: GPL-3.0-or-later

// The body of one affine map. It is included once for each type of weight and each instruction set, with
//
//   FUNCTION   the function's name
//   TARGET     the attribute that selects the instruction set
//   WEIGHT     the type of a weight in memory
//   WIDEN      a macro that reads LANES weights from a pointer and converts them to single precision
//   ROWS       rows that are summed at once: as many as there are registers for, with COLUMNS columns
//   COLUMNS    columns that share one reading of a weight
#define PASTE(a, b) a##_##b
#define NAMED(a, b) PASTE(a, b)
#define BLOCK NAMED(FUNCTION, block)

TARGET static inline __attribute__((always_inline)) void BLOCK(
    const WEIGHT *weight, const float *bias, const float *input, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t length,
    bool rectify, float *output, int row_count, int column_count)
{
    lanes sums[ROWS][COLUMNS];
    for (int row = 0; row < row_count; row++)
        for (int column = 0; column < column_count; column++) sums[row][column] = (lanes){0};
    ptrdiff_t i = 0;
    for (; i + LANES <= length; i += LANES) {
        lanes values[COLUMNS];
        for (int column = 0; column < column_count; column++)
            values[column] = *(const unaligned_lanes *)(input + column * stride + i);
        for (int row = 0; row < row_count; row++) {
            lanes widened = WIDEN(weight + row * length + i);
            for (int column = 0; column < column_count; column++) sums[row][column] += widened * values[column];
        }
    }
    // Unrolled, because sums in registers cannot be addressed by an index.
#pragma clang loop unroll(full)
    for (int row = 0; row < row_count; row++)
#pragma clang loop unroll(full)
        for (int column = 0; column < column_count; column++) {
            float sum = total(&sums[row][column]);
            // One by one, because for some processors the compiler would round the products of several before adding.
#pragma clang loop vectorize(disable)
            for (ptrdiff_t rest = i; rest < length; rest++)
                sum += NAMED(WIDEN, one)(weight[row * length + rest]) * input[column * stride + rest];
            if (bias) sum += bias[row];
            output[column * rows + row] = rectify && sum < 0 ? 0 : sum;
        }
}

TARGET static void FUNCTION(
    const WEIGHT *weight, const float *bias, const float *input, ptrdiff_t columns, ptrdiff_t stride, ptrdiff_t rows,
    ptrdiff_t length, bool rectify, float *output)
{
    ptrdiff_t row = 0;
    for (; row < rows;) {
        int row_count = row + ROWS <= rows ? ROWS : 1;
        const WEIGHT *w = weight + row * length;
        const float *b = bias ? bias + row : NULL;
        ptrdiff_t column = 0;
        for (; column < columns;) {
            int column_count = column + COLUMNS <= columns ? COLUMNS : 1;
            const float *in = input + column * stride;
            float *out = output + column * rows + row;
            // Both counts are constants in each call, so that the sums stay in registers.
            if (row_count == ROWS && column_count == COLUMNS)
                BLOCK(w, b, in, stride, rows, length, rectify, out, ROWS, COLUMNS);
            else if (row_count == ROWS)
                BLOCK(w, b, in, stride, rows, length, rectify, out, ROWS, 1);
            else if (column_count == COLUMNS)
                BLOCK(w, b, in, stride, rows, length, rectify, out, 1, COLUMNS);
            else
                BLOCK(w, b, in, stride, rows, length, rectify, out, 1, 1);
            column += column_count;
        }
        row += row_count;
    }
}

#undef FUNCTION
#undef TARGET
#undef WEIGHT
#undef WIDEN
#undef ROWS
#undef COLUMNS
#undef BLOCK
#undef NAMED
#undef PASTE
