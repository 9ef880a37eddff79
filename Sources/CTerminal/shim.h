// SPDX-License-Identifier: GPL-3.0-or-later

// Parts of the C library that Swift's Glibc module leaves out: the width of a character.
#include <stddef.h>

// Declared in wchar.h for who defines _XOPEN_SOURCE; the importer does not.
extern int wcwidth(wchar_t character);
