// SPDX-License-Identifier: GPL-3.0-or-later

#include "late_libraries.h"

#include <sndfile.h>

#define LIBRARY "libsndfile.so.1"
#define LOAD load_libsndfile
#define FUNCTIONS \
    FORWARD_1(int, sf_close, SNDFILE *) \
    FORWARD_4(int, sf_command, SNDFILE *, int, void *, int) \
    FORWARD_1(int, sf_error, SNDFILE *) \
    FORWARD_3(SNDFILE *, sf_open, const char *, int, SF_INFO *) \
    FORWARD_4(SNDFILE *, sf_open_fd, int, int, SF_INFO *, int) \
    FORWARD_3(sf_count_t, sf_read_float, SNDFILE *, float *, sf_count_t) \
    FORWARD_3(sf_count_t, sf_readf_float, SNDFILE *, float *, sf_count_t) \
    FORWARD_3(sf_count_t, sf_seek, SNDFILE *, sf_count_t, int) \
    FORWARD_1(const char *, sf_strerror, SNDFILE *) \
    FORWARD_3(sf_count_t, sf_write_float, SNDFILE *, const float *, sf_count_t) \
    FORWARD_3(sf_count_t, sf_writef_float, SNDFILE *, const float *, sf_count_t)

#include "forward.h"
