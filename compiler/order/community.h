// The communities of a graph by a named method, and the properties
// graph.community.* of them.
#ifndef GNNAC_COMMUNITY_H
#define GNNAC_COMMUNITY_H

#include "base/props.h"
#include "order/partition.h"

// `g` is a simple_graph, `method` rabbit or leiden. The same at any thread
// count (`n_threads` 0: all). GNNAC_EUSAGE: no such method. GNNAC_ENOMEM,
// GNNAC_EUNSUPPORTED (2^32 entries or more).
gnnac_status community_find(const struct csr *g, const char *method,
                            int n_threads, struct partition *out,
                            gnnac_error *err);

// `g` as it was read: the communities are those of its simple_graph. Appends
// count, modularity, largest, intra_edge_share and method to `props`; `out` is
// filled if not NULL. Errors as above.
gnnac_status community_props(const struct csr *g, const char *method,
                             int n_threads, struct props *props,
                             struct partition *out, gnnac_error *err);

// An int32 array [nodes]: the community of every node. GNNAC_EIO.
gnnac_status communities_save(const char *path, const struct partition *p,
                              gnnac_error *err);

#endif
