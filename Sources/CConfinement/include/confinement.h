// SPDX-License-Identifier: GPL-3.0-or-later

#ifndef GENRED_CONFINEMENT_H
#define GENRED_CONFINEMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// A program to start, and all that it may use.
struct confined_program {
    /// The absolute path of the program; it may execute nothing else.
    const char *path;
    char *const *arguments;
    char *const *environment;
    /// A file that it may read, as descriptor 3 or anew as /proc/self/fd/3; -1 for none.
    int file;
    /// Its standard input; -1 for one that is empty.
    int input;
    /// Its standard output and standard error.
    int output;
    int messages;
    /// Limits: bytes of address space, and seconds of processor time (RLIM_INFINITY for none).
    uint64_t most_memory;
    uint64_t most_seconds;
};

/// Why a program could not be started: a call and its error number.
struct confinement_failure {
    const char *call;
    int error;
};

/// Starts a program that can use the processor, the descriptors that it is given, and the system's libraries: it reads no
/// other file, writes none, and has neither network nor other programs (Landlock, seccomp). It runs in a process group of
/// its own, and is killed when the thread that started it ends.
///
/// Returns its process number, or -1 with the reason in `failure`. Where the kernel has no Landlock, the call is
/// landlock_create_ruleset and nothing is started.
pid_t start_confined(const struct confined_program *program, struct confinement_failure *failure);

/// Whether what this thread prints on the stream `stderr` is dropped, from now on. Lines of C libraries about damaged files
/// are no lines of a log. Descriptor 2 is not touched.
void drop_messages_of_libraries(bool drops);

#endif
