// SPDX-License-Identifier: GPL-3.0-or-later

#ifndef GENRED_STARTUP_H
#define GENRED_STARTUP_H

#include <stdbool.h>

/// Whether standard input was closed when the program was started. It is /dev/null since.
bool standard_input_was_closed(void);

#endif
