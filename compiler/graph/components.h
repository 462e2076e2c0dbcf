// Weakly connected components.
#ifndef GNNAC_COMPONENTS_H
#define GNNAC_COMPONENTS_H

#include "graph/csr.h"

struct components {
    int64_t count, largest; // nodes of the largest
};

// Parallel union-find; of a symmetric graph, which must be one, most edges need
// not be looked at. 8 bytes a node. GNNAC_ENOMEM.
gnnac_status components_count(const struct csr *g, bool symmetric,
                              struct components *out, gnnac_error *err);

#endif
