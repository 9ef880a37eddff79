// SPDX-License-Identifier: GPL-3.0-or-later

// Feeds one recording to many FIFOs at the pace of real time, in pieces of one hop. It is in C because a feeder takes
// processor time from the program that it measures: the same in Python took three times as much.
//
//   feed AUDIO SECONDS PIECE PACE SPREAD FIFO…
//
// PIECE is bytes; PACE is the nanoseconds from one piece of a source to its next; SPREAD is the nanoseconds over which
// the sources' beginnings are spread, as stations begin when they like. The feeder prints when it begins, in monotonic
// seconds. At the end it prints the number of writes that found a pipe full, its own largest delay and the processor
// time that it took, both in seconds.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct source {
    int descriptor;
    int number;
    /// Nanoseconds from a turn's beginning, and the first turn.
    int64_t offset, first;
};

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static void sleep_until(int64_t moment)
{
    struct timespec time = {moment / 1000000000, moment % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) {}
}

static int by_offset(const void *a, const void *b)
{
    int64_t first = ((const struct source *)a)->offset, second = ((const struct source *)b)->offset;
    return (first > second) - (first < second);
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

/// Opens a FIFO as soon as it has a reader.
static int open_fifo(const char *path)
{
    for (int try = 0; try < 1000; try++) {
        int descriptor = open(path, O_WRONLY | O_NONBLOCK);
        if (descriptor >= 0) return descriptor;
        if (errno != ENXIO && errno != ENOENT) break;
        usleep(10000);
    }
    fail(path);
    return -1;
}

int main(int argument_count, char **arguments)
{
    // A write to a FIFO that nobody reads any more fails instead.
    signal(SIGPIPE, SIG_IGN);
    if (argument_count < 7) return fprintf(stderr, "feed AUDIO SECONDS PIECE PACE SPREAD FIFO…\n"), 2;
    double seconds = atof(arguments[2]);
    size_t piece = (size_t)atoll(arguments[3]);
    int64_t pace = atoll(arguments[4]), spread = atoll(arguments[5]);
    int count = argument_count - 6;

    int file = open(arguments[1], O_RDONLY);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) fail(arguments[1]);
    size_t pieces = (size_t)status.st_size / piece;
    if (pieces == 0) return fprintf(stderr, "%s is shorter than a piece\n", arguments[1]), 1;
    const char *audio = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (audio == MAP_FAILED) fail("mmap");

    struct source *sources = calloc((size_t)count, sizeof *sources);
    if (!sources) fail("calloc");
    for (int index = 0; index < count; index++) {
        int64_t start = (int64_t)((double)spread * index / count);
        sources[index] = (struct source){open_fifo(arguments[6 + index]), index, start % pace, start / pace};
    }
    qsort(sources, (size_t)count, sizeof *sources, by_offset);

    int64_t begin = now(), worst = 0;
    long full = 0;
    printf("%.9f\n", (double)begin / 1e9);
    fflush(stdout);
    for (int64_t turn = 0; turn < (int64_t)(seconds * 1e9) / pace; turn++) {
        for (int index = 0; index < count; index++) {
            const struct source *source = &sources[index];
            if (turn < source->first) continue;
            int64_t due = begin + (turn + 1) * pace + source->offset;
            if (due - now() > 300000) sleep_until(due);
            int64_t late = now() - due;
            if (late > worst) worst = late;
            const char *from = audio + ((size_t)(turn + 7 * source->number) % pieces) * piece;
            ssize_t written = write(source->descriptor, from, piece);
            if (written < 0 && errno != EAGAIN) fail("write");
            if (written < (ssize_t)piece) full++;
        }
    }
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    printf("%ld %.6f %.6f\n", full, (double)worst / 1e9, (double)used.tv_sec + (double)used.tv_nsec / 1e9);
    return 0;
}
