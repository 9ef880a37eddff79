// SPDX-License-Identifier: GPL-3.0-or-later

#ifndef GENRED_RESIDENT_H
#define GENRED_RESIDENT_H

/// Has all threads share two heaps. By default each thread may get one of its own, and what one has freed is then of no use to
/// another. Call it before there are threads.
void genred_share_heaps(void);

/// Returns memory to the system: what malloc keeps for later, and the pages of the program and its libraries that are read
/// from their files. Those that are used again are mapped again, from the file cache; what runs only once, at
/// the start, is not.
void genred_return_memory(void);

#endif
