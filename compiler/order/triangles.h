// Triangles, and how many of the paths of length two are closed.
#ifndef GNNAC_TRIANGLES_H
#define GNNAC_TRIANGLES_H

#include "base/props.h"
#include "graph/csr.h"

// Of the simple_graph of `g`: graph.triangles, each counted once, and
// graph.transitivity, 3 * triangles / paths (0 without paths). Edges point to
// the node of higher degree, so the work is O(entries^1.5). Exact, the same at
// any thread count (`n_threads` 0: all). GNNAC_ENOMEM.
gnnac_status triangle_props(const struct csr *g, int n_threads,
                            struct props *props, gnnac_error *err);

#endif
