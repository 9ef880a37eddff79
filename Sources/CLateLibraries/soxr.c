// SPDX-License-Identifier: GPL-3.0-or-later

#include "late_libraries.h"

#include <soxr.h>

#define LIBRARY "libsoxr.so.0"
#define LOAD load_libsoxr
#define FUNCTIONS \
    FORWARD_1(soxr_error_t, soxr_clear, soxr_t) \
    FORWARD_7( \
        soxr_t, soxr_create, double, double, unsigned, soxr_error_t *, soxr_io_spec_t const *, \
        soxr_quality_spec_t const *, \
        soxr_runtime_spec_t const *) \
    FORWARD_1(void, soxr_delete, soxr_t) \
    FORWARD_2(soxr_io_spec_t, soxr_io_spec, soxr_datatype_t, soxr_datatype_t) \
    FORWARD( \
        soxr_error_t, soxr_oneshot, \
        (double input_rate, double output_rate, unsigned channels, soxr_in_t input, size_t input_count, \
         size_t *input_used, \
         soxr_out_t output, size_t output_count, size_t *output_made, soxr_io_spec_t const *format, \
         soxr_quality_spec_t const *quality, soxr_runtime_spec_t const *runtime), \
        (input_rate, output_rate, channels, input, input_count, input_used, output, output_count, output_made, \
         format, quality, \
         runtime)) \
    FORWARD_7(soxr_error_t, soxr_process, soxr_t, soxr_in_t, size_t, size_t *, soxr_out_t, size_t, size_t *) \
    FORWARD_2(soxr_quality_spec_t, soxr_quality_spec, unsigned long, unsigned long) \
    FORWARD_1(soxr_runtime_spec_t, soxr_runtime_spec, unsigned)

#include "forward.h"
