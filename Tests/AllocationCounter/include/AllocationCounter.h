// SPDX-License-Identifier: GPL-3.0-or-later

/// Counts what the calling thread allocates between `allocation_counter_start` and `allocation_counter_stop`.
///
/// The functions of malloc's family are replaced for the whole process by ones that count and then call glibc's own
/// (https://sourceware.org/glibc/manual/latest/html_node/Replacing-malloc.html): nothing that goes through them,
/// Swift's runtime and the C libraries included, is missed.
void allocation_counter_start(void);
/// The number of allocations since `allocation_counter_start`.
long allocation_counter_stop(void);

/// Counts the locks that the calling thread takes between `lock_counter_start` and `lock_counter_stop`, contended or not:
/// pthread mutexes, and on x86-64 Swift's, for which the thread runs instruction by instruction (some 10 µs each).
void lock_counter_start(void);
/// The number of locks since `lock_counter_start`.
long lock_counter_stop(void);
