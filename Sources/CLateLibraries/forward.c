// SPDX-License-Identifier: GPL-3.0-or-later

#include "forward.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

void *late_library_load(struct late_library *library) {
    void *handle = atomic_load_explicit(&library->handle, memory_order_acquire);
    if (handle) return handle;
    // Two threads may both come here: the second gets the same handle.
    handle = dlopen(library->name, RTLD_NOW | RTLD_LOCAL);
    atomic_store_explicit(&library->handle, handle, memory_order_release);
    return handle;
}

void *late_library_function(struct late_library *library, const char *name) {
    void *handle = late_library_load(library);
    void *function = handle ? dlsym(handle, name) : NULL;
    if (function) return function;
    fprintf(stderr, "error while loading shared libraries: %s\n", dlerror());
    // What the dynamic linker exits with.
    exit(127);
}
