// SPDX-License-Identifier: GPL-3.0-or-later

#ifndef GENRED_RESIDENT_H
#define GENRED_RESIDENT_H

#include <stdbool.h>

/// Returns memory to the system: what malloc keeps for later and, if asked to, the pages of the program and its libraries
/// that are read from their files. Those that are used again are mapped again, from the file cache; what runs only once, at
/// the start, is not.
void genred_return_memory(bool code);

#endif
