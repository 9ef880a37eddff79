// SPDX-License-Identifier: GPL-3.0-or-later

/// Counts what the calling thread allocates between `allocation_counter_start` and `allocation_counter_stop`.
///
/// The functions of malloc's family are replaced for the whole process by ones that count and then call glibc's own
/// (https://sourceware.org/glibc/manual/latest/html_node/Replacing-malloc.html): nothing that goes through them,
/// Swift's runtime and the C libraries included, is missed.
void allocation_counter_start(void);
/// The number of allocations since `allocation_counter_start`.
long allocation_counter_stop(void);
