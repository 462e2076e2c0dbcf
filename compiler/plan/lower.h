// From a model's name and widths to the program a device runs: presets, layer
// by layer transform-first or aggregate-first, buffers and parameters. Knows
// sizes, not kernels: steps that need one leave with kernel = -1.
#ifndef GNNAC_LOWER_H
#define GNNAC_LOWER_H

#include "bundle/program.h"

// What the user asked for; 0 means the preset's value.
struct model_request {
    const char *name; // "gcn", "gin", "sage", "gat", "gatv2"
    int32_t dim, hidden, classes, layers, mlp, heads;
    enum dtype dtype; // how features are stored between steps
    bool residual;    // layers between the first and the last add their input
    bool logits;      // no log-softmax at the end
};

// gcn: 2 layers, hidden 16; gin: 5 layers, hidden 64, one linear layer as MLP;
// sage: 2 layers, hidden 64; gat: 2 layers, 8 heads of 8 columns side by side,
// then one head, ELU between; gatv2: the same, of heads of at most 512 columns.
// Widths of input and output default to 96 and 22, GNNAdvisor's. GNNAC_EUSAGE.
gnnac_status model_build(const struct model_request *rq, struct model *out,
                         gnnac_error *err);

// Per layer the cheaper of transform-first (aggregate at out_dim) and
// aggregate-first (at in_dim) by bytes moved; ties go to transform-first.
// GNNAC_EUNSUPPORTED when the
// model is too deep for the program's tables.
gnnac_status lower_model(const struct model *m, int64_t n_nodes,
                         int64_t n_edges, struct program *out,
                         gnnac_error *err);

// Bytes that a layer moves beside its products when it is summed at its output
// width (transform first) or input width, as inference runs it: steps fused,
// BLAS with its epilogues. Gathered rows count as often as they are read.
double transform_first_bytes(const struct model *m, int32_t layer,
                             int64_t n_nodes, int64_t n_edges);
double aggregate_first_bytes(const struct model *m, int32_t layer,
                             int64_t n_nodes, int64_t n_edges);

#endif
