// SPDX-License-Identifier: GPL-3.0-or-later

// Computes affine maps of many shapes on pseudo-random numbers, and writes the results as floats to standard output.
// Compiled with the kernels for two processors, it shows whether both compute the same.
//
// Compiled as freestanding it is a program for 64-bit ARM that needs no C library, so that none has to be installed
// for a processor that this machine does not have.

#include "kernels.h"

#define COUNT(array) (ptrdiff_t)(sizeof(array) / sizeof *(array))

static const ptrdiff_t all_rows[] = {1, 2, 3, 4, 5, 7, 8, 33};
static const ptrdiff_t all_lengths[] = {1, 7, 15, 16, 17, 24, 31, 33, 48, 63, 100, 193};
enum { most_rows = 33, longest = 193, most_columns = 5 };

static float weights[most_rows * longest], bias[most_rows], input[most_columns * longest];
static uint16_t half_weights[most_rows * longest];
static float output[most_columns * most_rows];

static uint32_t state = 1;

static uint32_t next(void)
{
    state = state * 1664525 + 1013904223;
    return state >> 8;
}

/// From -1 to 1, without rounding.
static void fill(float *numbers, ptrdiff_t count)
{
    for (ptrdiff_t i = 0; i < count; i++) numbers[i] = (float)((int32_t)next() - 0x800000) * 0x1p-23f;
}

#if __STDC_HOSTED__

#include <unistd.h>

#else

static long call_system(long number, long first, const void *second, size_t third)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = first;
    register const void *x1 __asm__("x1") = second;
    register size_t x2 __asm__("x2") = third;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}

static long write(int file, const void *bytes, size_t count) { return call_system(64, file, bytes, count); }

int main(void);

void _start(void)
{
    call_system(94, main(), NULL, 0);
    __builtin_unreachable();
}

#endif

int main(void)
{
    fill(weights, COUNT(weights));
    fill(bias, COUNT(bias));
    fill(input, COUNT(input));
    // Any sign, and an exponent that keeps the number below 2; one in 16 is subnormal.
    for (ptrdiff_t i = 0; i < COUNT(half_weights); i++) half_weights[i] = next() & 0xBFFF;
    for (ptrdiff_t r = 0; r < COUNT(all_rows); r++)
        for (ptrdiff_t l = 0; l < COUNT(all_lengths); l++)
            for (ptrdiff_t columns = 1; columns <= most_columns; columns++)
                for (int variant = 0; variant < 8; variant++) {
                    ptrdiff_t rows = all_rows[r], length = all_lengths[l], stride = length / 2 + 1;
                    const float *added = variant & 1 ? bias : NULL;
                    bool rectify = variant & 2;
                    if (variant & 4)
                        genred_affine_half(half_weights, added, input, columns, stride, rows, length, rectify, output);
                    else
                        genred_affine(weights, added, input, columns, stride, rows, length, rectify, output);
                    ptrdiff_t size = columns * rows * (ptrdiff_t)sizeof *output;
                    if (write(1, output, (size_t)size) != size) return 1;
                }
    return 0;
}
