// SPDX-License-Identifier: GPL-3.0-or-later

#include "choice.h"
#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef int32_t unaligned_pair __attribute__((aligned(2), may_alias));

// Every x86-64 has this instruction. Elsewhere the compiler finds its own: on 64-bit ARM, SMULL and SMLAL of NEON.
#if defined(__x86_64__)
#define BASELINE_VECTOR __m128i
#define BASELINE_ADD(sums, a, b) _mm_add_epi32(sums, _mm_madd_epi16(a, b))
#else
typedef int16_t eight_numbers __attribute__((vector_size(16)));
typedef int32_t four_sums __attribute__((vector_size(16)));
#define FIRSTS(numbers) __builtin_convertvector(__builtin_shufflevector(numbers, numbers, 0, 2, 4, 6), four_sums)
#define SECONDS(numbers) __builtin_convertvector(__builtin_shufflevector(numbers, numbers, 1, 3, 5, 7), four_sums)
#define BASELINE_VECTOR eight_numbers
#define BASELINE_ADD(sums, a, b) ((four_sums)(sums) + FIRSTS(a) * FIRSTS(b) + SECONDS(a) * SECONDS(b))
#endif

#define FUNCTION convolve_baseline
#define TARGET
#define LANES 4
#define COLUMNS 2
#define VECTOR BASELINE_VECTOR
#define ADD BASELINE_ADD
#define CHAINS(count) 1
#include "convolution.h"

#if defined(__x86_64__)

#define FUNCTION convolve_avx2
#define TARGET AVX2
#define LANES 8
#define COLUMNS 6
#define VECTOR __m256i
#define ADD(sums, a, b) _mm256_add_epi32(sums, _mm256_madd_epi16(a, b))
#define CHAINS(count) 1
#include "convolution.h"

// One instruction multiplies and adds, and the next one for the same sum waits some five cycles for it.
#define FUNCTION convolve_vnni
#define TARGET VNNI
#define LANES 16
#define COLUMNS 8
#define VECTOR __m512i
#define ADD _mm512_dpwssd_epi32
#define CHAINS(count) ((count) >= 8 ? 1 : (count) >= 4 ? 2 : 4)
#include "convolution.h"

#endif

BODY float quantize(const float *numbers, ptrdiff_t count, int32_t limit, int16_t *output)
{
    // The bits of positive numbers, taken as integers, have the order of the numbers.
    uint32_t most = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        union { float number; uint32_t bits; } each = {numbers[i]};
        uint32_t magnitude = each.bits & 0x7FFFFFFF;
        most = magnitude > most ? magnitude : most;
    }
    union { uint32_t bits; float number; } largest = {most};
    // Too small for an inverse, infinite, or not a number.
    if (!(largest.number >= 0x1p-100f) || most >= 0x7F800000) {
        for (ptrdiff_t i = 0; i < count; i++) output[i] = 0;
        return 0;
    }
    float unit = largest.number / (float)limit;
    float inverse = (float)limit / largest.number;
    for (ptrdiff_t i = 0; i < count; i++) {
        // 1.5 * 2^23 leaves no bits for a fraction: the sum is rounded, and its lowest bits are the whole number.
        union { float number; int32_t bits; } whole = {numbers[i] * inverse + 0x1.8p23f};
        output[i] = (int16_t)whole.bits;
    }
    return unit;
}

COMPILE(
    float, quantize, (const float *numbers, ptrdiff_t count, int32_t limit, int16_t *output), numbers, count, limit,
    output)

void genred_convolve(
    const struct genred_convolution *layer, const int16_t *input, const float *input_units, ptrdiff_t columns,
    float *output)
{
#if defined(__x86_64__)
    if (HAS_VNNI) return convolve_vnni(layer, input, input_units, columns, output);
#endif
    CHOOSE(convolve, layer, input, input_units, columns, output);
}
