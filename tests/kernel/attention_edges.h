// What the references of attention in training share (train_cases.cpp), and
// those of GATv2 (attention_v2_cases.cpp).
#ifndef GNNAC_ATTENTION_EDGES_H
#define GNNAC_ATTENTION_EDGES_H

#include "run.h"

// Attention's edges of row v, the last its own loop; dropout draws by numbers.
int64_t n_edges_of(const run &r, int v);
int neighbour(const run &r, int v, int64_t i);
int64_t number_of(const run &r, int v, int64_t i, bool by_sources);
double left_of(const run &r, int64_t number, int head, double a);
int kept_at(const shim_kernel &k); // where the softmax's numbers begin
void check_kept(run &r, const char *what, int v, int place, double want,
                double bound);
reference_fn *attention_v2_reference(const char *op);
void check_attention_v2(run &r);
double activated(activation act, double y);

#endif
