// SPDX-License-Identifier: GPL-3.0-or-later

#include "startup.h"

#include <fcntl.h>
#include <unistd.h>

static bool was_closed;

// Opens /dev/null for each standard descriptor that is closed. Otherwise the next file would get its number, and the log or
// a source that reads standard input would use that. Before everything else, because the Swift runtime opens files before
// any Swift code runs.
__attribute__((constructor(101))) static void open_standard_descriptors(void) {
    was_closed = fcntl(STDIN_FILENO, F_GETFD) < 0;
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
        // The lowest free number is this one.
        if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", O_RDWR) != descriptor) _exit(71);
}

bool standard_input_was_closed(void) { return was_closed; }
