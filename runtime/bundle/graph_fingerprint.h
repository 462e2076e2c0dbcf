// What tells one graph from another.
#ifndef GNNAC_GRAPH_FINGERPRINT_H
#define GNNAC_GRAPH_FINGERPRINT_H

#include <stdint.h>

// XXH3-128 over a domain tag, sizes, rowptr [n_nodes + 1] and colidx [n_edges],
// in fixed chunks: the same at any thread count. `hex` receives 32 digits and a
// NUL. `rowptr` may be NULL where there are no nodes.
void graph_fingerprint(int64_t n_nodes, int64_t n_edges, const int64_t *rowptr,
                       const int32_t *colidx, char hex[33]);

#endif
