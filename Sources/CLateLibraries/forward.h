// SPDX-License-Identifier: GPL-3.0-or-later

// Defines a library's functions, and the one that loads it. Include it once, at the end of a file that defines
//
//   LIBRARY    the library's name, as the dynamic linker knows it
//   LOAD       the name of the function that loads it
//   FUNCTIONS  a FORWARD for each function, or FORWARD_n for n parameters: the type of the result, the name, and the
//              types of the parameters

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define FORWARD_0(result, name) FORWARD(result, name, (void), ())
#define FORWARD_1(result, name, A) FORWARD(result, name, (A a), (a))
#define FORWARD_2(result, name, A, B) FORWARD(result, name, (A a, B b), (a, b))
#define FORWARD_3(result, name, A, B, C) FORWARD(result, name, (A a, B b, C c), (a, b, c))
#define FORWARD_4(result, name, A, B, C, D) FORWARD(result, name, (A a, B b, C c, D d), (a, b, c, d))
#define FORWARD_5(result, name, A, B, C, D, E) FORWARD(result, name, (A a, B b, C c, D d, E e), (a, b, c, d, e))
#define FORWARD_7(result, name, A, B, C, D, E, F, G) \
    FORWARD(result, name, (A a, B b, C c, D d, E e, F f, G g), (a, b, c, d, e, f, g))

// The library's functions.
static struct {
#define FORWARD(result, name, parameters, arguments) __typeof__(name) *name;
    FUNCTIONS
#undef FORWARD
} functions;

// Whether all of them are known; they do not change from then on.
static atomic_bool is_loaded;
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

// All functions are looked up at once: to look up one takes the dynamic linker's lock, for which the audio path must
// not wait.
static const char *load(void) {
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return dlerror();
#define FORWARD(result, name, parameters, arguments) \
    if (!(functions.name = (__typeof__(name) *)dlsym(handle, #name))) return dlerror();
    FUNCTIONS
#undef FORWARD
    atomic_store_explicit(&is_loaded, true, memory_order_release);
    return NULL;
}

const char *LOAD(void) {
    if (atomic_load_explicit(&is_loaded, memory_order_acquire)) return NULL;
    pthread_mutex_lock(&loading);
    const char *problem = atomic_load_explicit(&is_loaded, memory_order_acquire) ? NULL : load();
    pthread_mutex_unlock(&loading);
    return problem;
}

static void load_or_end(void) {
    const char *problem = LOAD();
    if (!problem) return;
    // Neither stdio nor exit: other threads run on, and a thread may have the messages of libraries dropped.
    const char *const parts[] = {"error while loading shared libraries: ", problem, "\n"};
    for (int index = 0; index < 3; index++) {
        if (write(STDERR_FILENO, parts[index], strlen(parts[index])) < 0) break;
    }
    _exit(127);
}

#define FORWARD(result, name, parameters, arguments) \
    result name parameters { \
        if (!atomic_load_explicit(&is_loaded, memory_order_acquire)) load_or_end(); \
        return functions.name arguments; \
    }
FUNCTIONS
#undef FORWARD
