// SPDX-License-Identifier: GPL-3.0-or-later

// The inner products of inference, for the vector units that the processor turns out to have.
//
// In C because Swift has no way to compile one function for several instruction sets and choose at run time; everything
// else of inference is Swift. By hand and not by a BLAS because a BLAS keeps a locked pool of buffers and threads of its
// own, which the audio path may not wait for, and because none reads half-precision weights: at one to four columns the
// time goes into reading the weights, and half as many bytes stay in the nearest cache.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether this processor has vector instructions that widen IEEE half precision (F16C on x86-64; every 64-bit ARM).
/// Without them `genred_affine_half` works, slowly.
bool genred_widens_half(void);

/// output[column·rows + row] = bias[row] + Σ_i weight[row·length + i] · input[column·stride + i]
///
/// `bias` may be NULL: none. With `rectify` what is negative becomes 0. A sum's terms are always added in the same order:
/// on one machine equal columns give equal bits, however many are computed at once. Nothing is allocated.
void genred_affine(
    const float *weight, const float *bias, const float *input, ptrdiff_t columns, ptrdiff_t stride, ptrdiff_t rows,
    ptrdiff_t length, bool rectify, float *output);

/// The same with weights in IEEE half precision, which are widened exactly.
void genred_affine_half(
    const uint16_t *weight, const float *bias, const float *input, ptrdiff_t columns, ptrdiff_t stride, ptrdiff_t rows,
    ptrdiff_t length, bool rectify, float *output);
