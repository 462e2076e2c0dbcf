#include "cpu/cpu_partition.h"

#include <omp.h>

#include "apart.h"

enum {
    LEAST_WORK = 512,       // below it, handing out costs more than it brings
    MOST_WORK = 1 << 15,    // above it, threads end at different times
    CHUNKS_PER_THREAD = 16, // as a hub may fill one
};

int64_t partition_chunks(const int64_t *rowptr, int64_t n_rows, int n_threads)
{
    int64_t work = n_rows + rowptr[n_rows];
    int64_t chunk = work / ((int64_t)n_threads * CHUNKS_PER_THREAD);
    chunk = chunk < LEAST_WORK ? LEAST_WORK : chunk;
    chunk = chunk > MOST_WORK ? MOST_WORK : chunk;
    return n_threads == 1 || work < chunk ? 1 : work / chunk;
}

int64_t partition_row(const int64_t *rowptr, int64_t n_rows, int64_t i,
                      int64_t n)
{
    // i * (work / n) rather than i * work / n, which may overflow.
    int64_t work = n_rows + rowptr[n_rows];
    int64_t wanted = i * (work / n), low = 0, high = n_rows;
    if (i == n)
        return n_rows;
    while (low < high) {
        int64_t mid = low + (high - low) / 2;
        if (rowptr[mid] + mid < wanted)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void partition_walk(const int64_t *rowptr, int64_t n_rows, int n_threads,
                    void (*visit)(const void *context, int64_t begin,
                                  int64_t end),
                    const void *context)
{
    int64_t n_chunks = partition_chunks(rowptr, n_rows, n_threads);
    struct apart apart;
    apart_begin(&apart);
#pragma omp parallel num_threads(n_threads) if (n_chunks > 1)
    {
        if (omp_get_thread_num() > 0)
            apart_join(&apart);
#pragma omp for schedule(dynamic) nowait
        for (int64_t i = 0; i < n_chunks; i++)
            visit(context, partition_row(rowptr, n_rows, i, n_chunks),
                  partition_row(rowptr, n_rows, i + 1, n_chunks));
    }
}
