// SPDX-License-Identifier: GPL-3.0-or-later

// For memfd_create, SYS_close_range, RTMAX and O_PATH.
#define _GNU_SOURCE

#include "confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// MARK: System calls

// What a decoder needs to start, to read a file, to compute in threads, and to write to a pipe. What is not listed fails
// like a call that the kernel does not have. Names that an architecture lacks are passed over.
static const char *const allowed_calls[] = {
    "read", "readv", "pread64", "write", "writev", "lseek", "_llseek", "close", "fstat", "fstat64", "newfstatat",
    "fstatat64", "stat", "stat64", "lstat", "lstat64", "statx", "open", "openat", "access", "faccessat",
    "faccessat2", "readlink", "readlinkat", "getcwd", "getdents64", "mmap", "mmap2", "munmap", "mprotect", "mremap",
    "madvise", "brk", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "sigaltstack", "futex",
    "futex_time64", "set_tid_address", "set_robust_list", "get_robust_list", "rseq", "membarrier", "arch_prctl",
    "set_thread_area", "get_thread_area", "set_tls", "getrlimit", "ugetrlimit", "sched_getaffinity",
    "sched_yield", "exit", "exit_group", "getpid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getuid32",
    "geteuid32", "getgid32", "getegid32", "getrandom", "clock_gettime", "clock_gettime64", "clock_getres",
    "clock_nanosleep", "clock_nanosleep_time64", "nanosleep", "gettimeofday", "time", "times", "getrusage", "poll",
    "ppoll", "ppoll_time64", "select", "_newselect", "pselect6", "pselect6_time64", "uname", "sysinfo", "getcpu",
    "restart_syscall", "cacheflush", "riscv_flush_icache", "riscv_hwprobe",
    // Once, for the program itself: Landlock refuses all other files.
    "execve",
};

static struct sock_fprog filter;
static int filter_error;

// Allows a call whose argument number `place` has this value. An architecture may lack the call.
static int allow_first(scmp_filter_ctx context, int call, unsigned place, int value) {
    if (call < 0) return 0;
    struct scmp_arg_cmp argument = {place, SCMP_CMP_EQ, (scmp_datum_t)value, 0};
    return seccomp_rule_add_array(context, SCMP_ACT_ALLOW, call, 1, &argument);
}

static void build_filter(void) {
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    filter_error = ENOMEM;
    if (!context) return;
    int result = 0;
    for (size_t index = 0; index < sizeof allowed_calls / sizeof *allowed_calls && result == 0; index++) {
        int number = seccomp_syscall_resolve_name(allowed_calls[index]);
        if (number >= 0) result = seccomp_rule_add(context, SCMP_ACT_ALLOW, number, 0);
    }
    // Threads, but no processes. clone3 is missing, because its flags cannot be checked; libraries use clone instead.
    if (result == 0)
        result = seccomp_rule_add(
            context, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    // Of a descriptor its flags. With F_SETOWN and O_ASYNC it could have the kernel send a signal to any process of its user.
    static const int descriptor_commands[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL};
    const int calls[] = {SCMP_SYS(fcntl), SCMP_SYS(fcntl64)};
    for (size_t call = 0; call < 2; call++) {
        for (size_t index = 0; index < sizeof descriptor_commands / sizeof *descriptor_commands && result == 0; index++)
            result = allow_first(context, calls[call], 1, descriptor_commands[index]);
        if (result == 0 && calls[call] >= 0)
            result = seccomp_rule_add(
                context, SCMP_ACT_ALLOW, calls[call], 2, SCMP_A1(SCMP_CMP_EQ, F_SETFL),
                SCMP_A2(SCMP_CMP_MASKED_EQ, O_ASYNC, 0));
    }
    // The names of its threads; not whether it outlives this process.
    if (result == 0) result = allow_first(context, SCMP_SYS(prctl), 0, PR_SET_NAME);
    if (result == 0) result = allow_first(context, SCMP_SYS(prctl), 0, PR_GET_NAME);
    // Its own limits can be read, and neither they nor another process' be set.
    if (result == 0)
        result = seccomp_rule_add(
            context, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0));
    int file = result == 0 ? memfd_create("filter", MFD_CLOEXEC) : -1;
    struct stat status;
    if (file >= 0) result = seccomp_export_bpf(context, file);
    if (file >= 0 && result == 0 && fstat(file, &status) == 0) {
        filter.filter = malloc((size_t)status.st_size);
        filter.len = (unsigned short)((size_t)status.st_size / sizeof *filter.filter);
        if (filter.filter && pread(file, filter.filter, (size_t)status.st_size, 0) == status.st_size) filter_error = 0;
    } else {
        filter_error = result < 0 ? -result : errno ? errno : EIO;
    }
    if (file >= 0) close(file);
    seccomp_release(context);
}

// MARK: Files

static const uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t executing = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE;

static int allow(int rules, int file, uint64_t access) {
    struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = file};
    return (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

// A path that does not exist needs no permission.
static int allow_path(int rules, const char *path, uint64_t access) {
    int file = open(path, O_PATH | O_CLOEXEC);
    if (file < 0) return 0;
    struct stat status;
    // Only a folder can have the rights of a folder.
    if (fstat(file, &status) == 0 && !S_ISDIR(status.st_mode)) access &= ~(uint64_t)LANDLOCK_ACCESS_FS_READ_DIR;
    int result = allow(rules, file, access);
    close(file);
    return result;
}

// Returns a Landlock ruleset: the program, the loader and the libraries of the system, and the file.
static int make_rules(const struct confined_program *program, struct confinement_failure *failure) {
    failure->call = "landlock_create_ruleset";
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    // Everything that a version of Landlock can refuse: 13 rights at first, then moving and truncating.
    uint64_t handled = (1 << 13) - 1;
    if (version >= 2) handled |= 1 << 13;
    if (version >= 3) handled |= 1 << 14;
    struct landlock_ruleset_attr attributes = {.handled_access_fs = handled};
    int rules = version < 1 ? -1 : (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (rules < 0) {
        failure->error = errno;
        return -1;
    }
    static const char *const readable[] = {
        "/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache",
        "/etc/ld.so.preload", "/dev/null",
    };
    failure->call = "landlock_add_rule";
    int result = program->file < 0 ? 0 : allow(rules, program->file, LANDLOCK_ACCESS_FS_READ_FILE);
    for (size_t index = 0; index < sizeof readable / sizeof *readable && result == 0; index++)
        result = allow_path(rules, readable[index], reading);
    if (result == 0) result = allow_path(rules, program->path, executing);
    // Who starts a program executes its loader too.
    glob_t loaders;
    if (result == 0 && glob("/lib*/ld-*", 0, NULL, &loaders) == 0) {
        for (size_t index = 0; index < loaders.gl_pathc && result == 0; index++)
            result = allow_path(rules, loaders.gl_pathv[index], executing);
        globfree(&loaders);
    }
    if (result == 0) return rules;
    failure->error = errno;
    close(rules);
    return -1;
}

// MARK: The start

// Runs in the child, which shares the parent's memory until execve: it calls the system and nothing else. Returns only on
// failure.
static void run(
    const struct confined_program *program, const int descriptors[4], int rules, pid_t parent,
    volatile struct confinement_failure *failure) {
#define TRY(name, result)                                                                                              \
    do {                                                                                                               \
        failure->call = name;                                                                                          \
        if ((result) < 0) {                                                                                              \
            failure->error = errno;                                                                                    \
            return;                                                                                                    \
        }                                                                                                              \
    } while (0)
    TRY("setpgid", setpgid(0, 0));
    TRY("prctl", prctl(PR_SET_PDEATHSIG, SIGKILL));
    if (getppid() != parent) return;
    for (int number = 0; number < 4; number++) {
        if (descriptors[number] >= 0) TRY("dup2", dup2(descriptors[number], number));
        else close(number);
    }
    // The ruleset is among those that are closed: moved to 4.
    TRY("dup2", dup2(rules, 4));
    TRY("close_range", syscall(SYS_close_range, 5, ~0U, 0));
    TRY("chdir", chdir("/"));
    const struct {
        int kind;
        rlim_t most;
    } limits[] = {
        {RLIMIT_AS, program->most_memory}, {RLIMIT_CPU, program->most_seconds}, {RLIMIT_FSIZE, 0},
        {RLIMIT_CORE, 0}, {RLIMIT_NOFILE, 32},
    };
    for (size_t index = 0; index < sizeof limits / sizeof *limits; index++) {
        if (limits[index].most == RLIM_INFINITY) continue;
        // At the first limit of processor time the kernel sends SIGXCPU, which says why it ends, at the second SIGKILL.
        rlim_t more = limits[index].kind == RLIMIT_CPU;
        struct rlimit limit = {limits[index].most, limits[index].most + more};
        TRY("setrlimit", setrlimit(limits[index].kind, &limit));
    }
    // No signal ignored or blocked, as in this process.
    for (int number = 1; number <= SIGRTMAX; number++) signal(number, SIG_DFL);
    TRY("prctl", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    TRY("landlock_restrict_self", syscall(SYS_landlock_restrict_self, 4, 0));
    TRY("close", close(4));
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    TRY("prctl", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter));
    TRY("execve", execve(program->path, program->arguments, program->environment));
#undef TRY
}

pid_t start_confined(const struct confined_program *program, struct confinement_failure *failure) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, build_filter);
    if (filter_error) {
        *failure = (struct confinement_failure){"seccomp_export_bpf", filter_error};
        return -1;
    }
    int rules = make_rules(program, failure);
    if (rules < 0) return -1;
    // Above the numbers that they get, so that none is overwritten before it is moved.
    int null = program->input < 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
    int given[5] = {null < 0 ? program->input : null, program->output, program->messages, program->file, rules};
    int moved[5];
    pid_t pid = -1;
    failure->error = 0;
    for (int number = 0; number < 5; number++) {
        // There need not be a file.
        moved[number] = number == 3 && given[3] < 0 ? -1 : fcntl(given[number], F_DUPFD_CLOEXEC, 8);
        if (moved[number] < 0 && !(number == 3 && given[3] < 0)) *failure = (struct confinement_failure){"fcntl", errno};
    }
    if (failure->error == 0) {
        volatile struct confinement_failure report = {NULL, 0};
        pid_t parent = getpid();
        // No handler of this process may run in the child.
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        // vfork as in posix_spawn, which cannot confine: a fork would copy the daemon's page tables and make its audio
        // threads wait.
        pid = vfork();
        if (pid == 0) {
            run(program, moved, moved[4], parent, &report);
            _exit(127);
        }
        int error = errno;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (pid < 0) {
            *failure = (struct confinement_failure){"vfork", error};
        } else if (report.error) {
            *failure = (struct confinement_failure){report.call, report.error};
            waitpid(pid, NULL, 0);
            pid = -1;
        }
    }
    for (int number = 0; number < 5; number++)
        if (moved[number] >= 0) close(moved[number]);
    if (null >= 0) close(null);
    close(rules);
    return pid;
}
