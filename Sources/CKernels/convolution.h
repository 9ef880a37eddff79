// SPDX-License-Identifier: GPL-3.0-or-later

// The body of a convolution. It is included once for each instruction set, with
//
//   FUNCTION     the function's name
//   TARGET       the attribute that selects the instruction set
//   LANES        outputs that a vector holds
//   COLUMNS      the most columns that are summed at once: as many as the registers hold, or as hide an addition's latency
//   VECTOR       a vector of 2 * LANES 16-bit numbers, and of LANES 32-bit sums
//   ADD          multiplies two such vectors, and adds the products of neighbours to sums
//   CHAINS       a macro of the number of columns that are summed at once: how many sums each output has meanwhile. They
//                grow in turn, so that no addition waits for the one before it. One column has the most
#define PASTE(a, b) a##_##b
#define NAMED(a, b) PASTE(a, b)
#define TILE NAMED(FUNCTION, tile)
#define PAIR NAMED(FUNCTION, pair)
#define VECTORS (GENRED_OUTPUTS / LANES)
#define floats NAMED(FUNCTION, floats)
#define sums NAMED(FUNCTION, sums)
#define pairs NAMED(FUNCTION, pairs)
#define narrow NAMED(FUNCTION, narrow)

typedef float floats __attribute__((vector_size(4 * LANES), aligned(4)));
typedef int32_t sums __attribute__((vector_size(4 * LANES)));
typedef int16_t pairs __attribute__((vector_size(4 * LANES)));
typedef int8_t narrow __attribute__((vector_size(2 * LANES), aligned(1)));

_Static_assert(CHAINS(1) >= CHAINS(2) && CHAINS(1) >= CHAINS(4) && CHAINS(1) >= CHAINS(COLUMNS), "no room for the sums");

/// Adds what two neighbouring inputs contribute to GENRED_OUTPUTS outputs of `count` columns.
TARGET static inline __attribute__((always_inline)) void PAIR(
    const int8_t *weight, const int16_t *input, ptrdiff_t stride, int count, sums whole[COLUMNS][VECTORS])
{
    pairs weights[VECTORS];
#pragma clang loop unroll(full)
    for (int part = 0; part < VECTORS; part++)
        weights[part] = __builtin_convertvector(*(const narrow *)(weight + part * 2 * LANES), pairs);
#pragma clang loop unroll(full)
    for (int column = 0; column < count; column++) {
        sums both = (sums){0} + *(const unaligned_pair *)(input + column * stride);
#pragma clang loop unroll(full)
        for (int part = 0; part < VECTORS; part++)
            whole[column][part] = (sums)ADD((VECTOR)whole[column][part], (VECTOR)weights[part], (VECTOR)both);
    }
}

/// Computes GENRED_OUTPUTS outputs of `count` columns, a constant in each call, so that the sums stay in registers.
TARGET static inline __attribute__((always_inline)) void TILE(
    const struct genred_convolution *layer, const int8_t *weight, const float *units, const float *bias,
    const int16_t *input, const float *input_units, float *output, ptrdiff_t rows, int count)
{
    ptrdiff_t pair_count = (layer->segment + 1) / 2;
    floats totals[COLUMNS][VECTORS];
#pragma clang loop unroll(full)
    for (int column = 0; column < count; column++)
        for (int part = 0; part < VECTORS; part++) totals[column][part] = (floats){0};
    for (ptrdiff_t time = 0; time < layer->times; time++) {
        sums whole[CHAINS(1)][COLUMNS][VECTORS];
#pragma clang loop unroll(full)
        for (int chain = 0; chain < CHAINS(count); chain++)
#pragma clang loop unroll(full)
            for (int column = 0; column < count; column++)
#pragma clang loop unroll(full)
                for (int part = 0; part < VECTORS; part++) whole[chain][column][part] = (sums){0};
        const int16_t *in = input + time * layer->frame_stride;
        ptrdiff_t pair = 0;
        for (; pair + CHAINS(count) <= pair_count; pair += CHAINS(count))
#pragma clang loop unroll(full)
            for (int chain = 0; chain < CHAINS(count); chain++, weight += 2 * GENRED_OUTPUTS)
                PAIR(weight, in + 2 * (pair + chain), layer->column_stride, count, whole[chain]);
        for (; pair < pair_count; pair++, weight += 2 * GENRED_OUTPUTS)
            PAIR(weight, in + 2 * pair, layer->column_stride, count, whole[0]);
#pragma clang loop unroll(full)
        for (int column = 0; column < count; column++) {
            float factor = input_units[time + column * layer->column_frames];
#pragma clang loop unroll(full)
            for (int part = 0; part < VECTORS; part++) {
                sums sum = whole[0][column][part];
#pragma clang loop unroll(full)
                for (int chain = 1; chain < CHAINS(count); chain++) sum += whole[chain][column][part];
                totals[column][part] += __builtin_convertvector(sum, floats) * factor;
            }
        }
    }
#pragma clang loop unroll(full)
    for (int column = 0; column < count; column++) {
        float results[GENRED_OUTPUTS];
#pragma clang loop unroll(full)
        for (int part = 0; part < VECTORS; part++) {
            floats result = totals[column][part] * *(const floats *)(units + part * LANES);
            result += *(const floats *)(bias + part * LANES);
            if (layer->rectify) result = (floats)((sums)result & (result > 0));
            *(floats *)(results + part * LANES) = result;
        }
        float *target = output + column * layer->outputs;
        for (ptrdiff_t row = 0; row < rows; row++) target[row] = results[row];
    }
}

TARGET static void FUNCTION(
    const struct genred_convolution *layer, const int16_t *input, const float *input_units, ptrdiff_t columns,
    float *output)
{
    ptrdiff_t size = layer->times * ((layer->segment + 1) / 2) * 2 * GENRED_OUTPUTS;
    for (ptrdiff_t row = 0; row < layer->outputs; row += GENRED_OUTPUTS) {
        ptrdiff_t rows = layer->outputs - row < GENRED_OUTPUTS ? layer->outputs - row : GENRED_OUTPUTS;
        const int8_t *weight = layer->weights + row / GENRED_OUTPUTS * size;
        for (ptrdiff_t column = 0; column < columns;) {
            const int16_t *in = input + column * layer->column_stride;
            const float *in_units = input_units + column * layer->column_frames;
            float *out = output + column * layer->outputs + row;
#define COUNT(count)                                                                                   \
    TILE(layer, weight, layer->units + row, layer->bias + row, in, in_units, out, rows, count);        \
    column += count
            ptrdiff_t left = columns - column;
            if (left >= COLUMNS) { COUNT(COLUMNS); }
#if COLUMNS > 4
            else if (left >= 4) { COUNT(4); }
#endif
            else if (left >= 2) { COUNT(2); }
            else { COUNT(1); }
#undef COUNT
        }
    }
}

#undef FUNCTION
#undef TARGET
#undef LANES
#undef COLUMNS
#undef ADD
#undef VECTOR
#undef VECTORS
#undef TILE
#undef PAIR
#undef CHAINS
#undef floats
#undef sums
#undef pairs
#undef narrow
#undef NAMED
#undef PASTE
