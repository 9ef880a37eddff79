// SPDX-License-Identifier: GPL-3.0-or-later

#include "choice.h"
#include "kernels.h"

// A product is rounded before it is added, on every processor: where some fuse the two, results would differ.
#pragma STDC FP_CONTRACT OFF

/// Numbers of neighbouring channels.
enum { LANES = 16 };
typedef float lanes __attribute__((vector_size(4 * LANES)));
typedef int32_t integers __attribute__((vector_size(4 * LANES)));
typedef float unaligned_lanes __attribute__((vector_size(4 * LANES), aligned(4)));

static inline __attribute__((always_inline)) float larger(float a, float b) { return a > b ? a : b; }

BODY void pool(
    const float *bands, ptrdiff_t count, ptrdiff_t frequency, ptrdiff_t outputs, bool is_first, float *largest)
{
    for (ptrdiff_t band = 0; band < count; band++, bands += frequency * outputs, largest += outputs)
        for (ptrdiff_t offset = 0; offset < frequency; offset++) {
            const float *values = bands + offset * outputs;
            bool begins = is_first && offset == 0;
            for (ptrdiff_t i = 0; i < outputs; i++) largest[i] = begins ? values[i] : larger(largest[i], values[i]);
        }
}

COMPILE(
    void, pool,
    (const float *bands, ptrdiff_t count, ptrdiff_t frequency, ptrdiff_t outputs, bool is_first, float *largest),
    bands, count, frequency, outputs, is_first, largest)

BODY void statistics(const float *input, ptrdiff_t positions, ptrdiff_t channels, float epsilon, float *output)
{
    float scale = 1 / (float)positions;
    ptrdiff_t channel = 0;
    for (; channel + LANES <= channels; channel += LANES) {
        const float *column = input + channel;
        lanes sum = {0}, largest = *(const unaligned_lanes *)column, squares = {0};
        for (ptrdiff_t position = 0; position < positions; position++) {
            lanes values = *(const unaligned_lanes *)(column + position * channels);
            sum += values;
            integers above = values > largest;
            largest = (lanes)((above & (integers)values) | (~above & (integers)largest));
        }
        lanes mean = sum * scale;
        for (ptrdiff_t position = 0; position < positions; position++) {
            lanes difference = *(const unaligned_lanes *)(column + position * channels) - mean;
            squares += difference * difference;
        }
        *(unaligned_lanes *)(output + channel) = mean;
        *(unaligned_lanes *)(output + channels + channel) = largest;
        *(unaligned_lanes *)(output + 2 * channels + channel) = __builtin_elementwise_sqrt(squares * scale + epsilon);
    }
    for (; channel < channels; channel++) {
        float sum = 0, largest = input[channel], squares = 0;
        for (ptrdiff_t position = 0; position < positions; position++) {
            sum += input[position * channels + channel];
            largest = larger(largest, input[position * channels + channel]);
        }
        float mean = sum * scale;
        for (ptrdiff_t position = 0; position < positions; position++) {
            float difference = input[position * channels + channel] - mean;
            squares += difference * difference;
        }
        output[channel] = mean;
        output[channels + channel] = largest;
        output[2 * channels + channel] = __builtin_elementwise_sqrt(squares * scale + epsilon);
    }
}

COMPILE(
    void, statistics, (const float *input, ptrdiff_t positions, ptrdiff_t channels, float epsilon, float *output), input,
    positions, channels, epsilon, output)
