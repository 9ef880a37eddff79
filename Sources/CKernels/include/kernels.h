// SPDX-License-Identifier: GPL-3.0-or-later

// Dot products of inference, compiled for several vector units and chosen at run time.
//
// They are in C because Swift cannot compile one function for several instruction sets; the rest of inference is Swift.
// They do not use a BLAS for two reasons. A BLAS keeps a locked pool of buffers and its own threads, and the audio path
// may not wait for these. And no BLAS reads half-precision weights: at one to four columns the time goes into reading
// the weights, and half as many bytes stay in the nearest cache.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether this processor has vector instructions that widen IEEE half precision (F16C on x86-64; every 64-bit ARM).
/// Without them `genred_affine_half` works, but is slow.
bool genred_widens_half(void);

/// Computes output[column·rows + row] = bias[row] + Σ_i weight[row·length + i] · input[column·stride + i].
///
/// `bias` may be NULL. With `rectify`, negative results become 0. The terms of a sum are always added in the same
/// order, so that equal columns give equal bits on one machine, however many columns a call has. Processors that
/// multiply and add without rounding in between (AVX2, AVX-512, NEON) agree bit for bit. Nothing is allocated.
void genred_affine(
    const float *weight, const float *bias, const float *input, ptrdiff_t columns, ptrdiff_t stride, ptrdiff_t rows,
    ptrdiff_t length, bool rectify, float *output);

/// The same as `genred_affine`, with weights in IEEE half precision, which are widened exactly.
void genred_affine_half(
    const uint16_t *weight, const float *bias, const float *input, ptrdiff_t columns, ptrdiff_t stride, ptrdiff_t rows,
    ptrdiff_t length, bool rectify, float *output);
