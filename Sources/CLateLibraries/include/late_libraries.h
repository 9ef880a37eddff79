// SPDX-License-Identifier: GPL-3.0-or-later

#ifndef GENRED_LATE_LIBRARIES_H
#define GENRED_LATE_LIBRARIES_H

// libpulse, libsndfile and libsoxr, of which most runs need none or one, are loaded when something needs them. With
// what they load in turn, they are two thirds of the libraries that a program would otherwise load and bind before its
// first line of code.
//
// This target defines those of their functions that the project calls, under their own names (forward.h), so callers
// use the libraries' headers as usual.

// Each of these loads a library with all of those functions, unless it is loaded. It returns NULL, or why that is
// impossible: a text of the dynamic linker that is valid until the thread loads something else. Any thread may call it.
//
// Call it before the library's functions. If one of these is called and the library cannot be loaded, the process ends
// with a message and the status of the dynamic linker, 127.

const char *load_libpulse(void);
const char *load_libsndfile(void);
const char *load_libsoxr(void);

#endif
