// SPDX-License-Identifier: GPL-3.0-or-later

#include "choice.h"
#include "kernels.h"

BODY float larger(float number, float largest) { return number > largest ? number : largest; }

BODY void pool(
    const float *bands, ptrdiff_t count, ptrdiff_t frequency, ptrdiff_t outputs, bool is_first, float *largest)
{
    for (ptrdiff_t band = 0; band < count; band++, bands += frequency * outputs, largest += outputs)
        for (ptrdiff_t offset = 0; offset < frequency; offset++) {
            const float *values = bands + offset * outputs;
            bool begins = is_first && offset == 0;
            for (ptrdiff_t i = 0; i < outputs; i++) largest[i] = begins ? values[i] : larger(values[i], largest[i]);
        }
}

COMPILE(
    void, pool,
    (const float *bands, ptrdiff_t count, ptrdiff_t frequency, ptrdiff_t outputs, bool is_first, float *largest),
    bands, count, frequency, outputs, is_first, largest)

BODY void statistics(const float *input, ptrdiff_t positions, ptrdiff_t channels, float epsilon, float *output)
{
    float *mean = output, *largest = output + channels, *deviation = output + 2 * channels;
    for (ptrdiff_t c = 0; c < channels; c++) mean[c] = deviation[c] = 0, largest[c] = input[c];
    for (ptrdiff_t position = 0; position < positions; position++) {
        const float *frame = input + position * channels;
        for (ptrdiff_t c = 0; c < channels; c++) {
            mean[c] += frame[c];
            largest[c] = larger(frame[c], largest[c]);
        }
    }
    float scale = 1 / (float)positions;
    for (ptrdiff_t c = 0; c < channels; c++) mean[c] *= scale;
    for (ptrdiff_t position = 0; position < positions; position++) {
        const float *frame = input + position * channels;
        for (ptrdiff_t c = 0; c < channels; c++) deviation[c] += (frame[c] - mean[c]) * (frame[c] - mean[c]);
    }
    for (ptrdiff_t c = 0; c < channels; c++) deviation[c] = __builtin_elementwise_sqrt(deviation[c] * scale + epsilon);
}

COMPILE(
    void, statistics, (const float *input, ptrdiff_t positions, ptrdiff_t channels, float epsilon, float *output), input,
    positions, channels, epsilon, output)
