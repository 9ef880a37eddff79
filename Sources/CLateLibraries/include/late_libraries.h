// SPDX-License-Identifier: GPL-3.0-or-later

#ifndef GENRED_LATE_LIBRARIES_H
#define GENRED_LATE_LIBRARIES_H

// libpulse, libsndfile and libsoxr, of which most runs need none or one, are loaded at the first call of one of their
// functions. With all that these need in turn they are two thirds of the libraries that a program would otherwise load and
// bind before its first line of code.
//
// This target defines those of their functions that the project calls, under their own names (forward.h), so callers use the
// libraries' headers as usual.

/// Loads libpulse, and returns why that is impossible, or NULL if it is loaded. The message stays valid until the same thread
/// calls it again. Without libpulse, a call of one of its functions ends the program.
const char *load_libpulse(void);

#endif
