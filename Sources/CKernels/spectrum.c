// SPDX-License-Identifier: GPL-3.0-or-later

#include "choice.h"
#include "kernels.h"

typedef float eight_floats __attribute__((vector_size(32)));
typedef float unaligned_eight_floats __attribute__((vector_size(32), aligned(4)));

#define LOAD(pointer) (*(const unaligned_eight_floats *)(pointer))
#define STORE(pointer, values) (*(unaligned_eight_floats *)(pointer) = (values))
#define REVERSED(values) __builtin_shufflevector(values, values, 7, 6, 5, 4, 3, 2, 1, 0)
#define EVEN(low, high) __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14)
#define ODD(low, high) __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15)

// One bin, or eight. The sums of a bin and its mirror image, conjugate, are twice the spectrum of the even samples; the
// differences, times the unit circle, are twice that of the odd ones.
#define COMBINE(real, imaginary, a_real, a_imaginary, b_real, b_imaginary, cosine, sine)          \
    do {                                                                                          \
        __typeof__(a_real) sum_real = (a_real) + (b_real), difference_real = (a_real) - (b_real); \
        __typeof__(a_real) sum_imaginary = (a_imaginary) - (b_imaginary);                         \
        __typeof__(a_real) difference_imaginary = (a_imaginary) + (b_imaginary);                  \
        real = sum_real - (sine) * difference_real + (cosine) * difference_imaginary;             \
        imaginary = sum_imaginary - (sine) * difference_imaginary - (cosine) * difference_real;   \
    } while (0)

BODY void spectrum_of_halves(
    const float *halves, ptrdiff_t length, const float *cosines, const float *sines, ptrdiff_t count, float *real,
    float *imaginary)
{
    real[0] = halves[0] + halves[1];
    imaginary[0] = 0;
    ptrdiff_t bin = 1;
    for (; bin + 8 <= count && bin + 8 <= length; bin += 8) {
        const float *a = halves + 2 * bin, *b = halves + 2 * (length - bin - 7);
        eight_floats a_low = LOAD(a), a_high = LOAD(a + 8), b_low = LOAD(b), b_high = LOAD(b + 8);
        eight_floats a_real = EVEN(a_low, a_high), a_imaginary = ODD(a_low, a_high);
        eight_floats b_real = EVEN(b_low, b_high), b_imaginary = ODD(b_low, b_high);
        b_real = REVERSED(b_real);
        b_imaginary = REVERSED(b_imaginary);
        eight_floats cosine = LOAD(cosines + bin), sine = LOAD(sines + bin), new_real, new_imaginary;
        COMBINE(new_real, new_imaginary, a_real, a_imaginary, b_real, b_imaginary, cosine, sine);
        STORE(real + bin, new_real * 0.5f);
        STORE(imaginary + bin, new_imaginary * 0.5f);
    }
    for (; bin < count && bin < length; bin++) {
        const float *a = halves + 2 * bin, *b = halves + 2 * (length - bin);
        COMBINE(real[bin], imaginary[bin], a[0], a[1], b[0], b[1], cosines[bin], sines[bin]);
        real[bin] *= 0.5f;
        imaginary[bin] *= 0.5f;
    }
    if (bin < count) {
        real[bin] = halves[0] - halves[1];
        imaginary[bin] = 0;
    }
}

BODY void halves_of_spectrum(
    const float *real, const float *imaginary, ptrdiff_t length, const float *cosines, const float *sines,
    float *halves)
{
    halves[0] = real[0] + real[length];
    halves[1] = real[0] - real[length];
    ptrdiff_t bin = 1;
    for (; bin + 8 <= length; bin += 8) {
        eight_floats a_real = LOAD(real + bin), a_imaginary = LOAD(imaginary + bin);
        eight_floats b_real = LOAD(real + length - bin - 7), b_imaginary = LOAD(imaginary + length - bin - 7);
        b_real = REVERSED(b_real);
        b_imaginary = REVERSED(b_imaginary);
        eight_floats cosine = LOAD(cosines + bin), sine = LOAD(sines + bin), new_real, new_imaginary;
        COMBINE(new_real, new_imaginary, a_real, a_imaginary, b_real, b_imaginary, -cosine, sine);
        STORE(halves + 2 * bin, __builtin_shufflevector(new_real, new_imaginary, 0, 8, 1, 9, 2, 10, 3, 11));
        STORE(halves + 2 * bin + 8, __builtin_shufflevector(new_real, new_imaginary, 4, 12, 5, 13, 6, 14, 7, 15));
    }
    for (; bin < length; bin++) {
        ptrdiff_t mirror = length - bin;
        COMBINE(
            halves[2 * bin], halves[2 * bin + 1], real[bin], imaginary[bin], real[mirror], imaginary[mirror],
            -cosines[bin], sines[bin]);
    }
}

COMPILE(
    void, spectrum_of_halves,
    (const float *halves, ptrdiff_t length, const float *cosines, const float *sines, ptrdiff_t count, float *real,
     float *imaginary),
    halves, length, cosines, sines, count, real, imaginary)

COMPILE(
    void, halves_of_spectrum,
    (const float *real, const float *imaginary, ptrdiff_t length, const float *cosines, const float *sines,
     float *halves),
    real, imaginary, length, cosines, sines, halves)
