// SPDX-License-Identifier: GPL-3.0-or-later

#ifndef GENRED_RESIDENT_H
#define GENRED_RESIDENT_H

/// Has all threads share one of malloc's arenas. By default each thread may get an arena of its own, and what one
/// thread has freed is then of no use to another: reloads would leave holes. Threads hardly wait for each other,
/// because the analysis does not allocate. Call it before there are threads.
void genred_share_arena(void);

/// Returns memory to the system: what malloc keeps for later, and the pages of the program and its libraries that are read
/// from their files. Pages that are used again come back from the file cache; those that only the start used do not.
void genred_return_memory(void);

#endif
