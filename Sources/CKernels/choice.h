// SPDX-License-Identifier: GPL-3.0-or-later

// One function, compiled for several instruction sets, and the choice between them at run time.
#pragma once

// A product is rounded before it is added, on every processor: where some fuse the two, results would differ.
#pragma STDC FP_CONTRACT OFF

// The body of a function that is compiled several times.
#define BODY static inline __attribute__((always_inline))

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2")))
// Weights are widened by an instruction of AVX-512BW.
#define VNNI __attribute__((target("avx512vnni,avx512bw")))

// Checked at each call: a check reads a word, which the C runtime filled in at the start.
#define HAS_VNNI (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw"))
#define CHOOSE(function, ...) \
    (__builtin_cpu_supports("avx2") ? function##_avx2(__VA_ARGS__) : function##_baseline(__VA_ARGS__))

// Defines genred_FUNCTION from the body FUNCTION. Parameters and arguments are in parentheses.
#define COMPILE(result, function, parameters, ...)                                  \
    static result function##_baseline parameters { return function(__VA_ARGS__); }  \
    AVX2 static result function##_avx2 parameters { return function(__VA_ARGS__); } \
    result genred_##function parameters { return CHOOSE(function, __VA_ARGS__); }

#else

#define CHOOSE(function, ...) function##_baseline(__VA_ARGS__)

#define COMPILE(result, function, parameters, ...) \
    result genred_##function parameters { return function(__VA_ARGS__); }

#endif
