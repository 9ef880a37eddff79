// SPDX-License-Identifier: GPL-3.0-or-later

#ifndef GENRED_FORWARD_H
#define GENRED_FORWARD_H

#include <stdatomic.h>

/// A library that is loaded when one of its functions is called for the first time.
struct late_library {
    /// As the dynamic linker knows it.
    const char *name;
    /// NULL before it is loaded.
    _Atomic(void *) handle;
};

/// Loads a library, unless it is loaded. Returns NULL and leaves the reason to dlerror if that fails. Any thread may call
/// it.
void *late_library_load(struct late_library *library);

/// Returns a function of a library, which it loads first if necessary. If either is missing it ends the program with a
/// message, as the dynamic linker does at the start.
void *late_library_function(struct late_library *library, const char *name);

/// Defines a function that calls the library's of the same name and type. The file says which library, as `library`.
/// Threads that call it for the first time at once all find the same.
#define FORWARD(result, name, parameters, arguments)                                   \
    result name parameters {                                                           \
        static _Atomic(void *) found;                                                  \
        void *function = atomic_load_explicit(&found, memory_order_acquire);           \
        if (!function) {                                                               \
            function = late_library_function(&library, #name);                         \
            atomic_store_explicit(&found, function, memory_order_release);             \
        }                                                                              \
        return ((__typeof__(name) *)function)arguments;                                \
    }

/// The same for functions of so many parameters, of these types.
#define FORWARD_0(result, name) FORWARD(result, name, (void), ())
#define FORWARD_1(result, name, A) FORWARD(result, name, (A a), (a))
#define FORWARD_2(result, name, A, B) FORWARD(result, name, (A a, B b), (a, b))
#define FORWARD_3(result, name, A, B, C) FORWARD(result, name, (A a, B b, C c), (a, b, c))
#define FORWARD_4(result, name, A, B, C, D) FORWARD(result, name, (A a, B b, C c, D d), (a, b, c, d))
#define FORWARD_5(result, name, A, B, C, D, E) FORWARD(result, name, (A a, B b, C c, D d, E e), (a, b, c, d, e))
#define FORWARD_7(result, name, A, B, C, D, E, F, G)                                   \
    FORWARD(result, name, (A a, B b, C c, D d, E e, F f, G g), (a, b, c, d, e, f, g))

#endif
