// SPDX-License-Identifier: GPL-3.0-or-later

// freeze-thread PID NAME: stops the thread of that name in a process, as if it hung, and prints "frozen". The other
// threads keep running. The thread continues when this program ends. Needs the right to trace the process (root, or
// its parent).
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static long find(const char *pid, const char *name) {
    char path[300], comm[64];
    snprintf(path, sizeof path, "/proc/%s/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks) return -1;
    for (struct dirent *entry; (entry = readdir(tasks));) {
        snprintf(path, sizeof path, "/proc/%s/task/%s/comm", pid, entry->d_name);
        FILE *file = fopen(path, "r");
        if (!file) continue;
        char *line = fgets(comm, sizeof comm, file);
        fclose(file);
        if (!line) continue;
        comm[strcspn(comm, "\n")] = 0;
        if (strcmp(comm, name) == 0) {
            closedir(tasks);
            return atol(entry->d_name);
        }
    }
    closedir(tasks);
    return -1;
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: freeze-thread PID NAME\n");
        return 64;
    }
    long thread = find(arguments[1], arguments[2]);
    if (thread < 0) {
        fprintf(stderr, "freeze-thread: process %s has no thread \"%s\"\n", arguments[1], arguments[2]);
        return 1;
    }
    int status;
    // Seized, not attached: the process notices nothing except that the thread stands still.
    if (ptrace(PTRACE_SEIZE, thread, 0, 0) != 0 || ptrace(PTRACE_INTERRUPT, thread, 0, 0) != 0
        || waitpid((pid_t)thread, &status, __WALL) < 0) {
        fprintf(stderr, "freeze-thread: cannot stop thread %ld: %s\n", thread, strerror(errno));
        return 1;
    }
    printf("frozen\n");
    fflush(stdout);
    // Reap the thread when it is killed with its process: waiting for the process also waits for its tracers.
    while (waitpid((pid_t)thread, &status, __WALL) >= 0 && !WIFEXITED(status) && !WIFSIGNALED(status)) {}
    return 0;
}
