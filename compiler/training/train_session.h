// What one gnnac train owns: network, data, trainer, and what was asked for.
#ifndef GNNAC_TRAIN_SESSION_H
#define GNNAC_TRAIN_SESSION_H

#include "graph/dataset.h"
#include "training/train_protocol.h"

struct session {
    struct hyper hyper;
    struct dataset data;
    gnnac_bundle *bundle;
    gnnac_context *ctx;
    gnnac_model *model;
    gnnac_trainer *trainer;
    gnnac_bundle_info info;
    float *y; // [n_nodes, out_dim]: the last prediction
};

// Reads graph or bundle and data, checks that they fit, initialises weights, or
// goes on from --resume. The CPU needs no kernels, so there a graph is not
// compiled.
gnnac_status session_open(struct session *s, const struct options *o,
                          gnnac_error *err);
void session_finish(struct session *s);

#endif
