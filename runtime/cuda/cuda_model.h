// What a model has on a GPU. cuda_model.c makes it, cuda_run.c runs it forward;
// cuda_train.c, which teaches it, works on the same weights.
#ifndef GNNAC_CUDA_MODEL_H
#define GNNAC_CUDA_MODEL_H

#include "bundle/whole_layout.h"
#include "cuda/cuda_epilogue.h"
#include "cuda/cuda_kernel.h"
#include "cuda/cuda_whole.h"

struct cuda_model {
    const struct cuda_context *c;
    const struct gnnac_model *m;
    struct cuda_graph graph;
    struct cuda_kernel kernels[MAX_KERNELS]; // of training only once asked for
    struct cuda_whole whole;
    struct cuda_blas blas;
    // Of steps by BLAS that the next one ends.
    struct cuda_epilogue epilogues[MAX_STEPS];
    // Wide products whose kernel came as PTX, which has no tensor cores: BLAS
    // computes them, with what is fused behind them by an epilogue.
    bool relieved[MAX_STEPS];
    struct param_layout layout;
    cu_ptr weights;       // by layout
    cu_ptr perm, inverse; // 0 where the graph has the input's order
    size_t partial_bytes; // behind the buffers in the workspace
    // Training: the host's copies of the weights are older than the device's;
    // the stream that may still be changing them, or NULL.
    bool host_is_old;
    cu_stream taught_on;
    // For cuda_model_run and cuda_input_run, made at their first call.
    cu_stream stream;
    cu_ptr run_x, run_y, run_workspace;
};

static inline cu_ptr cuda_param(const struct cuda_model *cm, int32_t param)
{
    return param < 0
               ? 0
               : cm->weights + (cu_ptr)cm->layout.offset[param] * sizeof(float);
}

// Load the bundle's kernel, unless that was done, and prepare `graph` for it.
// Raises *partial_bytes to what its partial sums need. Inside
// cuda_enter/cuda_leave.
gnnac_status cuda_model_load_kernel(struct cuda_model *cm, int32_t kernel,
                                    struct cuda_graph *graph,
                                    size_t *partial_bytes, gnnac_error *err);

// Wait for what a trainer still does to the weights. Inside
// cuda_enter/cuda_leave.
gnnac_status cuda_model_settle(struct cuda_model *cm, gnnac_error *err);

// What the product of a linear step is, for BLAS.
struct product cuda_product_of(const struct cuda_model *cm,
                               const struct step *s);

// What bundle_source_rows says, on the device; 0 for other kinds of steps.
cu_ptr cuda_source_rows(const struct cuda_model *cm, const struct step *s);

// Whether BLAS computes the program's step.
static inline bool cuda_step_by_blas(const struct cuda_model *cm, int32_t step)
{
    return cm->relieved[step] ||
           step_by_blas(&cm->m->bundle->manifest->program.steps[step]);
}

#endif
