// Rows cut into chunks of about equal work, for threads to share: a row costs
// its edges and one more. (The diagonal of merge-based CSR, Merrill and
// Garland 2016, but rows stay whole, so each has one thread and one order.)
#ifndef GNNAC_CPU_PARTITION_H
#define GNNAC_CPU_PARTITION_H

#include <stdint.h>

// How many chunks `n_threads` should share.
int64_t partition_chunks(const int64_t *rowptr, int64_t n_rows, int n_threads);

// The first row of chunk `i` of `n`; that of chunk n is n_rows. Rows ascend
// with i; a chunk may be empty. Found by bisection, so nothing is stored.
int64_t partition_row(const int64_t *rowptr, int64_t n_rows, int64_t i,
                      int64_t n);

// visit(context, begin, end) for ranges of rows that together are all, by
// `n_threads`; ranges at the same time, each row once.
void partition_walk(const int64_t *rowptr, int64_t n_rows, int n_threads,
                    void (*visit)(const void *context, int64_t begin,
                                  int64_t end),
                    const void *context);

#endif
