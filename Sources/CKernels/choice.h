// SPDX-License-Identifier: GPL-3.0-or-later

// The choice between two compilations of one function, function_avx2 and function_baseline.
#pragma once

#if defined(__x86_64__)
// Checked at each call: the check reads one word, which the C runtime filled in at the start.
#define CHOOSE(function, ...) \
    (__builtin_cpu_supports("avx2") ? function##_avx2(__VA_ARGS__) : function##_baseline(__VA_ARGS__))
#define AVX2 __attribute__((target("avx2")))
#else
#define CHOOSE(function, ...) function##_baseline(__VA_ARGS__)
#endif

// The body of a function that is compiled twice.
#define BODY static inline __attribute__((always_inline))
