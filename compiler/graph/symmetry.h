// Whether the edges of a graph go both ways, and the other side of the degrees,
// without a transpose: that would cost more than all else that is measured.
#ifndef GNNAC_SYMMETRY_H
#define GNNAC_SYMMETRY_H

#include "graph/csr.h"

// Does (v, u) stand as often as (u, v), for all u and v? O(edges) time, 8 bytes
// a node and thread. GNNAC_ENOMEM.
gnnac_status csr_is_symmetric(const struct csr *g, bool *out,
                              gnnac_error *err);

// rowptr of the transpose, [n_nodes + 1], owned by the caller. GNNAC_ENOMEM.
gnnac_status csr_column_starts(const struct csr *g, int64_t **out,
                               gnnac_error *err);

#endif
