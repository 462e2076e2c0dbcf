// A graph as the result of a command: written, and said on stderr what of it
// the form cannot hold.
#ifndef GNNAC_GRAPH_OUT_H
#define GNNAC_GRAPH_OUT_H

#include "graph/csr.h"

// graph_save, then a line with the sizes; warnings before.
gnnac_status graph_out(const char *path, const struct csr *g,
                       gnnac_error *err);

#endif
