// What training needs to know of a program beyond what inference does: which
// buffers have a gradient, and where dropout stands.
#ifndef GNNAC_TRAIN_PLAN_H
#define GNNAC_TRAIN_PLAN_H

#include "bundle/bundle.h"

struct train_plan {
    bool wants_grad[MAX_BUFFERS]; // it depends on a parameter
    bool drop_after[MAX_STEPS];   // the step's output is the next layer's
                                  // input, perhaps with its own layer's added
    int32_t param_layer[MAX_PARAMS];
    bool has_log_softmax;
};

// GNNAC_EUNSUPPORTED where the program's values cannot all be kept until the
// backward reads them: a buffer is written twice, or changed in place after
// another step has read it; a parameter is used twice; layers interleave.
gnnac_status train_plan_build(const struct program *p, struct train_plan *out,
                              gnnac_error *err);

#endif
