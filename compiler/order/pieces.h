// Components so small that the best there is to do with them is known: a set of
// molecules consists of such ones alone.
#ifndef GNNAC_PIECES_H
#define GNNAC_PIECES_H

#include <stdbool.h>

#include "graph/csr.h"
#include "order/arena.h"
#include "order/crew.h"

// All-zero is none. Any two parts of a small component gain by becoming one, in
// whichever order: with k entries it is cut into strengths a + b = k, and one
// edge outweighs a * b <= k^2 / 4 < n_edges.
struct pieces {
    int32_t *root;  // [n_nodes]: smallest node of a small component, -1 in
                    // others and where there are no edges. NULL: none is small
    int32_t *nodes; // of small components, one component after the other
    int64_t *begin; // piece p is nodes[begin[p] .. begin[p + 1]), whole
    int64_t n;      // components, as many as fit a core's cache
};

// Looks where rows are short, which those of small components are. `g` is a
// simple_graph; the arrays are the arena's. The same at any number of threads.
// False: out of memory.
bool pieces_find(const struct csr *g, struct crew *crew, struct arena *a,
                 struct pieces *out);

#endif
