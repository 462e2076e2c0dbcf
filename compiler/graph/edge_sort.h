// Sorts the entries of a matrix by row, then column, into compressed rows.
#ifndef GNNAC_EDGE_SORT_H
#define GNNAC_EDGE_SORT_H

#include "graph/edge_partition.h"

// True when the list is in the order that edge_sort makes.
bool edge_list_is_sorted(const struct edge_list *l);

// The row pointers [n_rows + 1] of a sorted list.
void edge_list_starts(const struct edge_list *l, int64_t *rowptr);

// Writes rowptr [n_rows + 1], col [n] and weight [n] (NULL if and only if the
// list has none). Stable: equal entries keep their order. Buckets of rows that
// fit a cache (edge_partition.h) are each sorted by least significant digit;
// columns that ascend already are left alone, so a transpose costs one
// counting sort. False when out of memory; beside its outputs it needs 4 bytes
// per entry, and per thread 16 (weighted 24) for each entry of a bucket. With
// `consume` that is less than what the list gives back.
bool edge_sort(const struct edge_list *l, int64_t *rowptr, int32_t *col,
               float *weight);

#endif
