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

// Puts a step of that kind from x to out before step `at`, of the layer of that
// step, or at the end of the last. There must be room for it.
void program_insert_step(struct program *p, int32_t at, enum step_kind kind,
                         int32_t x, int32_t out);

// Bytes of a row of all buffers that step `at` or a later one still needs: what
// a change of order there moves per node. For tests.
int64_t program_live_bytes(const struct program *p, int32_t at);

#endif
