// Where a program of a reordered graph changes between the two orders of the
// nodes.
#ifndef GNNAC_ORDER_STEPS_H
#define GNNAC_ORDER_STEPS_H

#include "bundle/program.h"

// Inserts the steps that bring rows into the graph's order before the first
// aggregation, and back after the last, where the rows that have to be moved
// are narrowest: behind a linear step that shrinks them, before one that widens
// them. `p` is a lowered program (lower_model) that aggregates at least once.
// GNNAC_EUNSUPPORTED when the program's tables are full.
gnnac_status program_add_order(struct program *p, gnnac_error *err);

// Bytes of a row of all buffers that step `at` or a later one still needs: what
// a change of order there moves per node. For tests.
int64_t program_live_bytes(const struct program *p, int32_t at);

#endif
