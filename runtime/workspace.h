// Where the buffers of a program lie in one block of memory.
#ifndef GNNAC_WORKSPACE_H
#define GNNAC_WORKSPACE_H

#include "backend.h"

// A buffer lives from the first step that touches it to the last; buffers that
// never live at the same time may share bytes. GNNAC_ENOMEM when the sum does
// not fit in a size_t. Values lie `as_stored`, or all as floats, as the CPU
// backend has them.
gnnac_status workspace_plan_build(const struct program *p, int64_t n_nodes,
                                  bool as_stored, struct workspace_plan *out,
                                  gnnac_error *err);

#endif
