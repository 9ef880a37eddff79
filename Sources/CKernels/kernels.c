// SPDX-License-Identifier: GPL-3.0-or-later

#include "kernels.h"

#define LANES 16

typedef float lanes __attribute__((vector_size(4 * LANES)));
typedef float unaligned_lanes __attribute__((vector_size(4 * LANES), aligned(4)));
typedef _Float16 half_lanes __attribute__((vector_size(2 * LANES), aligned(2)));

// Macros, because vectors this wide must not be passed by value between functions for different targets.
#define SINGLE(pointer) (*(const unaligned_lanes *)(pointer))
#define SINGLE_one(weight) (weight)
#define HALF(pointer) __builtin_convertvector(*(const half_lanes *)(pointer), lanes)
#define HALF_one(weight) ((float)*(const _Float16 *)&(weight))

typedef float half_as_many __attribute__((vector_size(2 * LANES)));
typedef float quarter_as_many __attribute__((vector_size(LANES)));

/// Returns the sum over the lanes, added pairwise and always in the same order.
static inline __attribute__((always_inline)) float total(const lanes *sums)
{
    lanes all = *sums;
    half_as_many eight = __builtin_shufflevector(all, all, 0, 1, 2, 3, 4, 5, 6, 7)
                         + __builtin_shufflevector(all, all, 8, 9, 10, 11, 12, 13, 14, 15);
    quarter_as_many four =
        __builtin_shufflevector(eight, eight, 0, 1, 2, 3) + __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
    return (four[0] + four[2]) + (four[1] + four[3]);
}

// Every 64-bit ARM has NEON, which multiplies and adds at once and widens half precision. It is the baseline there, and
// has 32 registers of four floats in place of 16. Sums of half-precision weights are in single precision all the same,
// so the results are those of AVX2 and AVX-512, bit for bit.
#if defined(__aarch64__)
#define BASELINE_ROWS 2
#else
#define BASELINE_ROWS 1
#endif

#define FUNCTION single_baseline
#define TARGET
#define WEIGHT float
#define WIDEN SINGLE
#define ROWS BASELINE_ROWS
#define COLUMNS 2
#include "affine.h"

#define FUNCTION half_baseline
#define TARGET
#define WEIGHT uint16_t
#define WIDEN HALF
#define ROWS BASELINE_ROWS
#define COLUMNS 2
#include "affine.h"

#if defined(__x86_64__)

#define FUNCTION single_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define WEIGHT float
#define WIDEN SINGLE
#define ROWS 2
#define COLUMNS 2
#include "affine.h"

#define FUNCTION half_avx2
#define TARGET __attribute__((target("avx2,fma,f16c")))
#define WEIGHT uint16_t
#define WIDEN HALF
#define ROWS 2
#define COLUMNS 2
#include "affine.h"

#define FUNCTION single_avx512
#define TARGET __attribute__((target("avx512f,fma")))
#define WEIGHT float
#define WIDEN SINGLE
#define ROWS 4
#define COLUMNS 2
#include "affine.h"

#define FUNCTION half_avx512
#define TARGET __attribute__((target("avx512f,fma,f16c")))
#define WEIGHT uint16_t
#define WIDEN HALF
#define ROWS 4
#define COLUMNS 2
#include "affine.h"

bool genred_widens_half(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

// Checked at each call. The check reads one word that the C runtime filled in at start, and a call multiplies thousands
// of times.
#define CHOOSE(kind, ...)                                                                            \
    if (__builtin_cpu_supports("avx512f") && genred_widens_half()) kind##_avx512(__VA_ARGS__);       \
    else if (genred_widens_half()) kind##_avx2(__VA_ARGS__);                                         \
    else kind##_baseline(__VA_ARGS__)

#else

bool genred_widens_half(void)
{
#if defined(__aarch64__)
    return true;
#else
    return false;
#endif
}

#define CHOOSE(kind, ...) kind##_baseline(__VA_ARGS__)

#endif

void genred_affine(
    const float *weight, const float *bias, const float *input, ptrdiff_t columns, ptrdiff_t stride, ptrdiff_t rows,
    ptrdiff_t length, bool rectify, float *output)
{
    CHOOSE(single, weight, bias, input, columns, stride, rows, length, rectify, output);
}

void genred_affine_half(
    const uint16_t *weight, const float *bias, const float *input, ptrdiff_t columns, ptrdiff_t stride, ptrdiff_t rows,
    ptrdiff_t length, bool rectify, float *output)
{
    CHOOSE(half, weight, bias, input, columns, stride, rows, length, rectify, output);
}
