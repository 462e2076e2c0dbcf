// Every order of the nodes that can be asked for by name.
#ifndef GNNAC_ORDERS_H
#define GNNAC_ORDERS_H

#include "order/perm.h"

// `compute` takes a simple_graph and fills perm[n_nodes], perm[old] = new.
// Nodes without neighbours come last (but with "none"); the same bytes at any
// thread count. GNNAC_ENOMEM; GNNAC_EUNSUPPORTED from 2^32 entries on where
// communities are looked for.
struct order_method {
    const char *name, *summary;
    gnnac_status (*compute)(const struct csr *simple, int n_threads,
                            int32_t *perm, gnnac_error *err);
};

// NULL-terminated by name.
extern const struct order_method order_methods[];

// NULL when no method has the name; the message says which is nearest.
const struct order_method *order_find(const char *name, gnnac_error *err);

// The order `name` of a graph as it was loaded: directed, with loops, with
// duplicates. A name that ends in .npy is a file that holds perm (perm_load).
// `n_threads` 0: all. perm[n_nodes] is written on success alone, else its
// contents are lost. GNNAC_EUSAGE (no such order), those of `compute` and of
// perm_load.
gnnac_status order_compute(const struct csr *g, const char *name,
                           int n_threads, int32_t *perm, gnnac_error *err);

// The same for who has the simple_graph already, and wants several orders.
gnnac_status order_compute_simple(const struct csr *simple, const char *name,
                                  int n_threads, int32_t *perm,
                                  gnnac_error *err);

#endif
