#include "graph/pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

void pages_release(const void *at, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = ((uintptr_t)at + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)at + n) / page * page;
    if (begin < end)
        madvise((void *)begin, end - begin, MADV_DONTNEED);
}

void pages_prefer_large(void *at, size_t n)
{
    const uintptr_t large = (uintptr_t)1 << 21;
    uintptr_t begin = ((uintptr_t)at + large - 1) / large * large;
    uintptr_t end = ((uintptr_t)at + n) / large * large;
    if (begin < end)
        madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}
