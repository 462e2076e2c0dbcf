// Permutations of nodes: perm[old] = new, everywhere.
#ifndef GNNAC_PERM_H
#define GNNAC_PERM_H

#include <stdio.h>

#include "graph/csr.h"

// The first node whose new id is out of range or taken by an earlier node; n
// where there is none, so that perm is a permutation of 0 .. n - 1; -1 when
// there is no memory to tell.
int64_t perm_first_bad(const int32_t *perm, int64_t n);

// inverse[new] = old. `perm` is a permutation; the arrays do not overlap.
void perm_invert(const int32_t *perm, int64_t n, int32_t *inverse);

// out[v] = then[first[v]]: the order after both. `out` may be `first`.
void perm_compose(const int32_t *first, const int32_t *then, int64_t n,
                  int32_t *out);

// Nodes by ascending key, those of one key in their old order. Each key is in
// [0, n_keys). GNNAC_ENOMEM.
gnnac_status perm_by_key(const int32_t *key, int64_t n, int64_t n_keys,
                         int32_t *perm, gnnac_error *err);

// A .npy file of n integers that are a permutation. `FILE: byte N: what`.
// GNNAC_EIO, GNNAC_EFORMAT, GNNAC_ENOMEM.
gnnac_status perm_load(const char *path, int64_t n, int32_t *perm,
                       gnnac_error *err);

// int32 [n] as a .npy file; errors are found when `out` is closed.
void perm_write(FILE *out, const int32_t *perm, int64_t n);

// The same in a file of its own, written whole or not at all. GNNAC_EIO.
gnnac_status perm_save(const char *path, const int32_t *perm, int64_t n,
                       gnnac_error *err);

// The same graph under new ids: node v's row becomes row perm[v], neighbours
// are renamed and sorted again, weights go with their edges, and equal edges
// keep their order. The same at any thread count. GNNAC_ENOMEM.
gnnac_status csr_permute(const struct csr *g, const int32_t *perm,
                         struct csr *out, gnnac_error *err);

#endif
