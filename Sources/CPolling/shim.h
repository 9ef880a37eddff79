// SPDX-License-Identifier: GPL-3.0-or-later

// Parts of the C library that Swift's Glibc module leaves out: waiting for many descriptors at once, and for signals.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
