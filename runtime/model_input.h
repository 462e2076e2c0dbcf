// Features of a model, made once (model_input.c), and what its inferences share
// with those of the model (inference.c).
#ifndef GNNAC_MODEL_INPUT_H
#define GNNAC_MODEL_INPUT_H

#include "input_features.h"

struct gnnac_input {
    struct gnnac_model *m;
    struct features form;
    struct cuda_input *cuda; // owned; NULL on the CPU
};

// Whether there are weights. GNNAC_EUSAGE.
gnnac_status inference_ready(const struct gnnac_model *m, gnnac_error *err);

// The caller's memory; `x` may be NULL where it is not the call's.
// GNNAC_EUSAGE.
gnnac_status inference_memory(const struct gnnac_model *m, const float *x,
                              const float *y, const void *workspace,
                              size_t n_bytes, size_t need, gnnac_error *err);

// Of buffer 0, the features, or 1, the output.
size_t inference_matrix_bytes(const struct gnnac_model *m, int32_t buffer);

// One inference on the CPU, in a workspace made for it. GNNAC_ENOMEM.
gnnac_status inference_run(const struct gnnac_model *m,
                           const struct features *x, float *y,
                           gnnac_error *err);

// Bytes of it, and those that cpu_forward has of it.
size_t inference_workspace_size(const struct gnnac_model *m, bool sparse);
void inference_on_cpu(const struct gnnac_model *m, const struct features *x,
                      float *y, void *workspace);

#endif
