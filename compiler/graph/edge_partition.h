// Cuts an edge list into buckets of consecutive rows that fit a cache: the
// first step of a sort (radix sort by the most significant digit, with digits
// chosen so that buckets come out even).
#ifndef GNNAC_EDGE_PARTITION_H
#define GNNAC_EDGE_PARTITION_H

#include <stdbool.h>
#include <stdint.h>

// Entries of a matrix in any order, as parallel arrays of `n`; borrowed. With
// `col` NULL the entries are those of compressed rows and the column of an
// entry is the row of `starts` [n_starts + 1] that holds it: a transpose.
struct edge_list {
    int64_t n, n_rows; // every row is in [0, n_rows)
    const int32_t *row, *col;
    const float *weight; // may be NULL
    const int64_t *starts;
    int64_t n_starts;
    bool consume; // row, col, weight lose their contents, and their memory,
                  // while they are read
};

// Bucket b holds the rows row_begin[b] .. row_begin[b + 1] and their entries
// begin[b] .. begin[b + 1]. Owns its arrays.
struct edge_buckets {
    int64_t n;
    int64_t *begin, *row_begin; // [n + 1]
    int32_t *row;               // [edges] in the order of buckets
};

// Writes the entries in the order of buckets, keeping their order within one:
// rows into out->row, columns and weights into `col` and `weight` (NULL if and
// only if the list has none). False when out of memory.
bool edge_partition(const struct edge_list *l, int32_t *col, float *weight,
                    struct edge_buckets *out);
void edge_buckets_finish(struct edge_buckets *b);

#endif
