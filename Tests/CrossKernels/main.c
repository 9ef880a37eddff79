// SPDX-License-Identifier: GPL-3.0-or-later

// Computes convolutions of many shapes, and the other loops, on pseudo-random numbers, and writes the results to standard
// output. Compiled with the kernels for two processors, it shows whether both compute the same.
//
// Compiled as freestanding it is a program for 64-bit ARM that needs no C library, so that none has to be installed
// for a processor that this machine does not have.

#include "kernels.h"

#define COUNT(array) (ptrdiff_t)(sizeof(array) / sizeof *(array))

static const ptrdiff_t all_outputs[] = {1, 2, 7, 15, 16, 17, 33};
static const ptrdiff_t all_segments[] = {1, 2, 3, 6, 8, 9, 14, 15, 31, 32, 100};
enum { most_outputs = 48, longest = 100, most_columns = 13, most_times = 4 };

static int8_t weights[most_outputs * (longest + 1) * most_times];
static float units[most_outputs], bias[most_outputs], numbers[most_outputs * longest];
static int16_t input[(most_columns + most_times) * (longest + 1)];
static float input_units[most_columns + most_times];
static float output[most_columns * most_outputs];
enum { most_bins = 300 };
static float spectrum[2][most_bins + 1];

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

static int put(const void *bytes, ptrdiff_t count) { return write(1, bytes, (size_t)count) == count; }

/// Frames one after the other, or bands of one frame.
static int convolve_all(ptrdiff_t outputs, ptrdiff_t segment)
{
    for (ptrdiff_t columns = 1; columns <= most_columns; columns++)
        for (int variant = 0; variant < 16; variant++) {
            bool frames = variant & 1;
            struct genred_convolution layer = {
                .weights = weights,
                .units = units,
                .bias = bias,
                .outputs = outputs,
                .times = 1 + variant / 4,
                .segment = segment,
                .frame_stride = segment + (frames ? 0 : 3),
                .column_stride = frames ? segment : segment / 3 + 1,
                .column_frames = frames,
                .rectify = variant & 2,
            };
            genred_convolve(&layer, input, input_units, columns, output);
            if (!put(output, columns * outputs * (ptrdiff_t)sizeof *output)) return 0;
        }
    return 1;
}

/// `numbers` are complex numbers, the unit circle, and in the end halves again.
static int transform_all(ptrdiff_t length)
{
    const float *cosines = numbers + 2 * most_bins, *sines = cosines + 1;
    for (ptrdiff_t count = length + 1; count > 0; count = count / 2) {
        genred_spectrum_of_halves(numbers, length, cosines, sines, count, spectrum[0], spectrum[1]);
        if (!put(spectrum, sizeof spectrum)) return 0;
    }
    genred_halves_of_spectrum(numbers + 5, numbers + 1, length, cosines, sines, output);
    return put(output, 2 * length * (ptrdiff_t)sizeof *output);
}

/// The loops over samples and pools, on `count` of the numbers. One sample is infinite, one is not a number.
static int loop_all(ptrdiff_t count)
{
    static float samples[COUNT(numbers)];
    for (ptrdiff_t i = 0; i < COUNT(samples); i++) samples[i] = numbers[i] * 20;
    samples[count / 2] = samples[0] * __builtin_inff();
    samples[count / 3] = __builtin_nanf("");
    genred_limit(samples, count, 16, output);
    if (!put(output, count * (ptrdiff_t)sizeof *output)) return 0;
    genred_add_pairs((const char *)input + 1, count, 0.3f, output);
    if (!put(output, count * (ptrdiff_t)sizeof *output)) return 0;
    genred_taper(numbers, numbers + 3, count, output);
    if (!put(output, count * (ptrdiff_t)sizeof *output)) return 0;
    genred_power(numbers, numbers + 3, count, output);
    if (!put(output, count * (ptrdiff_t)sizeof *output)) return 0;
    for (ptrdiff_t channels = 1; channels <= 40 && channels <= count; channels++) {
        genred_statistics(numbers, count / channels, channels, 1e-5f, output);
        if (!put(output, 3 * channels * (ptrdiff_t)sizeof *output)) return 0;
        for (ptrdiff_t frequency = 1; frequency <= 3; frequency++) {
            ptrdiff_t bands = count / channels / frequency;
            for (int turn = 0; turn < 3; turn++)
                genred_pool(numbers + turn, bands, frequency, channels, turn == 0, output);
            if (!put(output, bands * channels * (ptrdiff_t)sizeof *output)) return 0;
        }
    }
    // Nothing, then beginnings at every place but the last, then one at the end.
    static uint8_t bytes[COUNT(output)];
    for (ptrdiff_t i = 0; i < count; i++) bytes[i] = "RaIxFF"[i % 6];
    for (ptrdiff_t step = 1; step <= count; step++) {
        ptrdiff_t place = genred_find_header(bytes, count);
        if (!put(&place, sizeof place)) return 0;
        bytes[count - step] = "IRF"[step % 3];
    }
    return 1;
}

int main(void)
{
    fill(units, COUNT(units));
    fill(bias, COUNT(bias));
    fill(input_units, COUNT(input_units));
    for (ptrdiff_t i = 0; i < COUNT(weights); i++) weights[i] = (int8_t)(next() % 255 - 127);
    for (ptrdiff_t limit = 32767; limit > 1; limit /= 3) {
        fill(numbers, COUNT(numbers));
        ptrdiff_t count = COUNT(input) < COUNT(numbers) ? COUNT(input) : COUNT(numbers);
        float unit = genred_quantize(numbers, count - limit % 19, (int32_t)limit, input);
        if (!put(&unit, sizeof unit) || !put(input, (ptrdiff_t)sizeof input)) return 1;
        for (ptrdiff_t o = 0; o < COUNT(all_outputs); o++)
            for (ptrdiff_t s = 0; s < COUNT(all_segments); s++) {
                if (limit == 32767 && !convolve_all(all_outputs[o], all_segments[s])) return 1;
                genred_multiply(numbers, numbers + limit % 7, all_outputs[o], all_segments[s], output);
                if (!put(output, all_outputs[o] * (ptrdiff_t)sizeof *output)) return 1;
            }
    }
    for (ptrdiff_t count = 1; count <= COUNT(output); count += count / 9 + 1)
        if (!loop_all(count)) return 1;
    for (ptrdiff_t length = 1; length <= most_bins; length += length / 5 + 1)
        if (!transform_all(length)) return 1;
    return 0;
}
