// GCN's weight of an edge is dinv[v] dinv[u]. Where the rows that are summed
// come from a product with a kernel of ours, that kernel multiplies row u by
// dinv[u] as it stores it, so that no edge has to fetch it.
#ifndef GNNAC_SCALED_ROWS_H
#define GNNAC_SCALED_ROWS_H

#include "bundle/program.h"

// Lets every narrow product of float32 write 16 bits itself where else a copy
// of its result does. After program_add_order.
void program_round_products(struct program *p);

// Lets every narrow product whose only reader is a GCN aggregation scale its
// rows. The product's norm becomes NORM_GCN, the aggregation's NORM_SCALED.
// Not where rows are stored in f16, whose small numbers are few. After
// program_round_products.
void program_scale_rows(struct program *p);

#endif
