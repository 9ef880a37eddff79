// SPDX-License-Identifier: GPL-3.0-or-later

// For fopencookie.
#define _GNU_SOURCE

#include "confinement.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static _Thread_local bool drops_messages;

static ssize_t pass_on(void *cookie, const char *bytes, size_t count) {
    (void)cookie;
    if (drops_messages) return (ssize_t)count;
    ssize_t written;
    do written = write(STDERR_FILENO, bytes, count);
    while (written < 0 && errno == EINTR);
    // Failure is 0: the stream must not get a negative number.
    return written < 0 ? 0 : written;
}

// libmpg123 prints on `stderr` what it thinks of a damaged file, and libsndfile offers no way to stop it. The stream is
// replaced by one that can be told to.
__attribute__((constructor)) static void replace_standard_error(void) {
    FILE *replacement = fopencookie(NULL, "w", (cookie_io_functions_t){.write = pass_on});
    if (!replacement) return;
    setvbuf(replacement, NULL, _IONBF, 0);
    stderr = replacement;
}

void drop_messages_of_libraries(bool drops) { drops_messages = drops; }
