// SPDX-License-Identifier: GPL-3.0-or-later

// The inner loops of capture and analysis, compiled for several vector units and chosen at run time.
//
// They are in C because Swift cannot compile one function for several instruction sets; the rest of the analysis is Swift.
// They do not use a BLAS for two reasons. A BLAS keeps a locked pool of buffers and its own threads, and the audio path
// may not wait for these. And no BLAS multiplies weights of 8 bits: at one to four columns the time goes into reading
// the weights, and these are a quarter of the bytes of single precision.
//
// For the same input all processors compute the same bits: convolutions sum integers, and everything else is rounded after
// each step, in one order. Nothing is allocated.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Outputs that are computed at once: those of a layer are padded to a multiple of it.
enum { GENRED_OUTPUTS = 16 };

/// A convolution over time, and over the bands of a frame, whose weights are integers.
struct genred_convolution {
    /// [outputs / 16, times, (segment + 1) / 2, 16, 2], -127 to 127: neighbouring inputs of one output are neighbours. The
    /// second of a pair that `segment` leaves incomplete is 0.
    const int8_t *weights;
    /// [outputs, padded]: what one unit of an output's weights stands for.
    const float *units;
    /// [outputs, padded].
    const float *bias;
    ptrdiff_t outputs;
    /// Frames under the kernel.
    ptrdiff_t times;
    /// Consecutive numbers of a frame under the kernel.
    ptrdiff_t segment;
    /// Numbers from one frame to the next.
    ptrdiff_t frame_stride;
    /// Numbers, and frames, from one column to the next: columns are bands of one frame, or frames.
    ptrdiff_t column_stride, column_frames;
    /// Whether negative results become 0.
    bool rectify;
};

/// Computes, for each column and output,
///
///   output[column · outputs + o] = bias[o] + units[o] · Σ_t input_units[column · column_frames + t]
///                                  · Σ_i weights[o, t, i] · input[column · column_stride + t · frame_stride + i]
///
/// with i from 0 to segment - 1. The inner sums must fit 32 bits (`genred_quantize`). `input` has one more number than is used
/// where `segment` is odd.
void genred_convolve(
    const struct genred_convolution *layer, const int16_t *input, const float *input_units, ptrdiff_t columns,
    float *output);

/// Writes the multiples of a unit that are nearest to `numbers`, -limit to limit, and returns the unit. If the numbers
/// are not all finite, or all next to nothing, all become 0. `limit` is at most 32 767.
float genred_quantize(const float *numbers, ptrdiff_t count, int32_t limit, int16_t *output);

/// Computes output[row] = Σ_i matrix[row · length + i] · vector[i].
void genred_multiply(const float *matrix, const float *vector, ptrdiff_t rows, ptrdiff_t length, float *output);

/// Computes the spectrum of real numbers from that of half as many complex ones, which are the same numbers in pairs
/// (Press et al., *Numerical Recipes*, 12.3): `count` bins, at most length + 1.
///
/// `halves` is [length, 2], `cosines` and `sines` are those of π · bin / length.
void genred_spectrum_of_halves(
    const float *halves, ptrdiff_t length, const float *cosines, const float *sines, ptrdiff_t count, float *real,
    float *imaginary);

/// The inverse, times two: from length + 1 bins, of whose first and last only the real part counts.
void genred_halves_of_spectrum(
    const float *real, const float *imaginary, ptrdiff_t length, const float *cosines, const float *sines,
    float *halves);

/// Keeps the largest numbers of `count` pooled bands: largest[band · outputs + o] = max of bands[(band · frequency + f) ·
/// outputs + o] with f from 0 to frequency - 1, and of what is there. If the numbers are the pool's first (`is_first`), what is
/// there does not count.
void genred_pool(
    const float *bands, ptrdiff_t count, ptrdiff_t frequency, ptrdiff_t outputs, bool is_first, float *largest);

/// Computes each channel's mean, maximum and standard deviation, [3, channels], over [positions, channels]. `epsilon` is added
/// to the variance, and there is at least one position.
void genred_statistics(const float *input, ptrdiff_t positions, ptrdiff_t channels, float epsilon, float *output);

/// Finds the first place where "RIFF" or "RF64" may begin: an R before an I or F, or at the end. Returns `count` if there is
/// none.
ptrdiff_t genred_find_header(const void *memory, ptrdiff_t count);

/// Computes (left + right) · scale of pairs of 16-bit numbers, little-endian, which need not be aligned.
void genred_add_pairs(const void *pairs, ptrdiff_t count, float scale, float *output);

/// Limits samples to ±most, and replaces those that are infinite or not a number by 0.
void genred_limit(const float *samples, ptrdiff_t count, float most, float *output);

/// Computes samples[i] · weights[i].
void genred_taper(const float *samples, const float *weights, ptrdiff_t count, float *output);

/// Computes real[i]² + imaginary[i]².
void genred_power(const float *real, const float *imaginary, ptrdiff_t count, float *output);
