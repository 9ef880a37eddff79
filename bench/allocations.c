// Counts the allocations of each thread of a program that preloads this library. The file that ALLOCATIONS names gets
// pairs of 64-bit numbers: the kernel's number of a thread, and its number of allocations.
//
//   cc -O2 -shared -fPIC -o allocations.so allocations.c

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST_THREADS = 4096 };

struct entry {
    long thread;
    long count;
};

// glibc's own functions, under their internal names.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static struct entry *entries;
static long used;
static __thread struct entry *own __attribute__((tls_model("initial-exec")));

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("ALLOCATIONS");
    int file = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (file < 0 || ftruncate(file, MOST_THREADS * sizeof(struct entry)) != 0) return;
    void *memory = mmap(NULL, MOST_THREADS * sizeof(struct entry), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory != MAP_FAILED) entries = memory;
}

static void count(void)
{
    if (!entries) return;
    if (!own) {
        long index = __atomic_fetch_add(&used, 1, __ATOMIC_RELAXED);
        own = &entries[index < MOST_THREADS ? index : MOST_THREADS - 1];
        own->thread = syscall(SYS_gettid);
    }
    own->count++;
}

void *malloc(size_t size)
{
    count();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
    count();
    return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size)
{
    count();
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size)
{
    count();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    void *made = memalign(alignment, size);
    if (!made) return ENOMEM;
    *memory = made;
    return 0;
}
