// SPDX-License-Identifier: GPL-3.0-or-later

#include "choice.h"
#include "kernels.h"

typedef int32_t sixteen_integers __attribute__((vector_size(64)));

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
    float scale = 1 / (float)positions;
    ptrdiff_t channel = 0;
    for (; channel + 16 <= channels; channel += 16) {
        const float *column = input + channel;
        sixteen_floats sum = {0}, largest = *(const unaligned_sixteen_floats *)column, squares = {0};
        for (ptrdiff_t position = 0; position < positions; position++) {
            sixteen_floats values = *(const unaligned_sixteen_floats *)(column + position * channels);
            sum += values;
            sixteen_integers above = values > largest;
            largest = (sixteen_floats)((above & (sixteen_integers)values) | (~above & (sixteen_integers)largest));
        }
        sixteen_floats mean = sum * scale;
        for (ptrdiff_t position = 0; position < positions; position++) {
            sixteen_floats difference = *(const unaligned_sixteen_floats *)(column + position * channels) - mean;
            squares += difference * difference;
        }
        *(unaligned_sixteen_floats *)(output + channel) = mean;
        *(unaligned_sixteen_floats *)(output + channels + channel) = largest;
        *(unaligned_sixteen_floats *)(output + 2 * channels + channel) = __builtin_elementwise_sqrt(squares * scale + epsilon);
    }
    for (; channel < channels; channel++) {
        float sum = 0, largest = input[channel], squares = 0;
        for (ptrdiff_t position = 0; position < positions; position++) {
            sum += input[position * channels + channel];
            largest = larger(input[position * channels + channel], largest);
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
