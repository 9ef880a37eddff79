// SPDX-License-Identifier: GPL-3.0-or-later

// Loops over bytes, samples and spectra.

#include "choice.h"
#include "kernels.h"

#include <float.h>

typedef uint8_t block __attribute__((vector_size(32)));
typedef uint8_t unaligned_block __attribute__((vector_size(32), aligned(1)));
typedef uint64_t words __attribute__((vector_size(32)));

BODY bool may_begin(const uint8_t *bytes, ptrdiff_t count)
{
    return bytes[0] == 'R' && (count < 2 || bytes[1] == 'I' || bytes[1] == 'F');
}

BODY ptrdiff_t find_header(const void *memory, ptrdiff_t count)
{
    const uint8_t *bytes = memory;
    ptrdiff_t i = 0;
    for (; i + (ptrdiff_t)sizeof(block) < count; i += sizeof(block)) {
        block first = *(const unaligned_block *)(bytes + i), second = *(const unaligned_block *)(bytes + i + 1);
        words found = (words)((first == 'R') & ((second == 'I') | (second == 'F')));
        if (found[0] | found[1] | found[2] | found[3]) break;
    }
    while (i < count && !may_begin(bytes + i, count - i)) i++;
    return i;
}

COMPILE(ptrdiff_t, find_header, (const void *memory, ptrdiff_t count), memory, count)

BODY void add_pairs(const void *pairs, ptrdiff_t count, float scale, float *output)
{
    typedef int32_t unaligned_pair __attribute__((aligned(1), may_alias));
    const unaligned_pair *input = pairs;
    for (ptrdiff_t i = 0; i < count; i++) {
        // Little-endian, as every processor that Swift compiles for on Linux is.
        int32_t pair = input[i];
        output[i] = (float)((int16_t)pair + (pair >> 16)) * scale;
    }
}

COMPILE(
    void, add_pairs, (const void *pairs, ptrdiff_t count, float scale, float *output), pairs, count, scale, output)

BODY void limit(const float *samples, ptrdiff_t count, float most, float *output)
{
    for (ptrdiff_t i = 0; i < count; i++) {
        float sample = samples[i];
        float limited = sample < -most ? -most : sample > most ? most : sample;
        output[i] = __builtin_fabsf(sample) <= FLT_MAX ? limited : 0;
    }
}

COMPILE(
    void, limit, (const float *samples, ptrdiff_t count, float most, float *output), samples, count, most, output)

BODY void taper(const float *samples, const float *weights, ptrdiff_t count, float *output)
{
    for (ptrdiff_t i = 0; i < count; i++) output[i] = samples[i] * weights[i];
}

COMPILE(
    void, taper, (const float *samples, const float *weights, ptrdiff_t count, float *output), samples, weights, count,
    output)

BODY void power(const float *real, const float *imaginary, ptrdiff_t count, float *output)
{
    for (ptrdiff_t i = 0; i < count; i++) output[i] = real[i] * real[i] + imaginary[i] * imaginary[i];
}

COMPILE(
    void, power, (const float *real, const float *imaginary, ptrdiff_t count, float *output), real, imaginary, count,
    output)
