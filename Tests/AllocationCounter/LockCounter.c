// SPDX-License-Identifier: GPL-3.0-or-later

#define _GNU_SOURCE
#include "AllocationCounter.h"
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

static __thread int counting __attribute__((tls_model("initial-exec")));
static __thread long locks __attribute__((tls_model("initial-exec")));

typedef int function(pthread_mutex_t *);

/// Calls glibc's own function, which is looked up once; two threads that look it up at once find the same.
static int call(function **cached, const char *name, pthread_mutex_t *mutex) {
    if (!*cached) *cached = (function *)dlsym(RTLD_NEXT, name);
    return (*cached)(mutex);
}

int pthread_mutex_lock(pthread_mutex_t *mutex) {
    static function *cached;
    locks += counting;
    return call(&cached, "pthread_mutex_lock", mutex);
}

int pthread_mutex_trylock(pthread_mutex_t *mutex) {
    static function *cached;
    locks += counting;
    return call(&cached, "pthread_mutex_trylock", mutex);
}

#if defined(__x86_64__)

static __thread uint32_t thread __attribute__((tls_model("initial-exec")));

/// The value of the register that an instruction's ModRM byte and REX prefix name.
static uint64_t operand(const greg_t *registers, int number) {
    static const int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                  REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    return (uint64_t)registers[order[number]];
}

/// Whether the next instruction is `lock cmpxchg` from 0 to the thread's own number in 32 bits: Swift's Mutex is inlined,
/// and this is how it locks.
static int locks_mutex(const greg_t *registers) {
    const uint8_t *code = (const uint8_t *)registers[REG_RIP];
    if (*code++ != 0xF0) return 0;
    int extension = (*code & 0xF0) == 0x40 ? *code++ : 0;
    if (code[0] != 0x0F || code[1] != 0xB1 || extension & 8) return 0;
    int number = (code[2] >> 3 & 7) | (extension & 4 ? 8 : 0);
    return (uint32_t)registers[REG_RAX] == 0 && (uint32_t)operand(registers, number) == thread;
}

/// Called after each instruction while the processor's trap flag is set.
static void step(int number, siginfo_t *information, void *context) {
    (void)number, (void)information;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const greg_t trap_flag = 0x100;
    if (!counting) {
        registers[REG_EFL] &= ~trap_flag;
        return;
    }
    registers[REG_EFL] |= trap_flag;
    locks += locks_mutex(registers);
}

static void begin_stepping(void) {
    struct sigaction action = {.sa_sigaction = step, .sa_flags = SA_SIGINFO};
    sigaction(SIGTRAP, &action, NULL);
    sigset_t trap;
    sigemptyset(&trap);
    sigaddset(&trap, SIGTRAP);
    pthread_sigmask(SIG_UNBLOCK, &trap, NULL);
    thread = (uint32_t)syscall(SYS_gettid);
    counting = 1;
    __asm__ volatile("int3");
}

#else

static void begin_stepping(void) { counting = 1; }

#endif

void lock_counter_start(void) {
    locks = 0;
    begin_stepping();
}

long lock_counter_stop(void) {
    counting = 0;
    return locks;
}
