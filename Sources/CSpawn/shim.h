// SPDX-License-Identifier: GPL-3.0-or-later

// Parts of the C library that Swift's Glibc module leaves out: starting programs, and waiting for their end.
#include <spawn.h>
#include <sys/pidfd.h>

// Declared by the C library for who defines _GNU_SOURCE; the importer does not.
extern int pipe2(int ends[2], int flags);
extern int memfd_create(const char *name, unsigned int flags);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int first);
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *folder);
