// The seam between the public API (context.c, inference.c) and what executes:
// the CPU backend (cpu/), the float64 reference (reference/) and the CUDA
// backend (cuda/).
#ifndef GNNAC_BACKEND_H
#define GNNAC_BACKEND_H

#include <stdatomic.h>

#include "bundle/bundle.h"

struct cuda_context; // cuda_context.c
struct cuda_model;   // cuda_model.c
struct cuda_input;   // cuda_input.c
struct features;     // input_features.h

struct gnnac_context {
    bool is_cuda;
    int n_threads; // CPU backend; >= 1
    char device[160];
    struct cuda_context *cuda; // owned; NULL on the CPU
};

// Where each workspace buffer lies. Buffers whose lives do not overlap share
// bytes.
struct workspace_plan {
    size_t offset[MAX_BUFFERS]; // bytes, 256-aligned; unused for buffers 0, 1
    size_t n_bytes;
};

struct gnnac_model {
    struct gnnac_context *ctx;
    const struct gnnac_bundle *bundle;
    struct workspace_plan plan;
    float *dinv; // [n_nodes] 1/sqrt(in-degree + 1), host; NULL unless used
    bool has_weights;
    gnnac_math math; // of float32 products by BLAS, of which these layers have
    bool blas_layers[MAX_LAYERS]; // some
    float *params[MAX_PARAMS]; // host copies, owned
    struct cuda_model *cuda;   // NULL on the CPU
    atomic_bool has_trainer;   // which changes params
};

// 1/sqrt(stored in-degree + 1) in float32; `rowptr` has no self loops.
void graph_dinv(int64_t n_nodes, const int64_t *rowptr, float *dinv);

// ---- CPU -------------------------------------------------------------------

// Run the program. All is host memory, checked by the caller; `scratch`,
// of program_turned_bytes, is for sparse `x` alone. Nothing can fail.
void cpu_forward(const struct gnnac_model *m, const struct features *x,
                 float *y, void *workspace, float *scratch);

// ---- float64 reference -----------------------------------------------------

gnnac_status reference_forward(const struct gnnac_model *m, const float *x,
                               double *y, double *bound, gnnac_error *err);

// ---- CUDA ------------------------------------------------------------------

// Device `ordinal`'s primary context, cuBLAS included. GNNAC_ENODEVICE when
// there is no driver or no such GPU; `name` receives e.g. "NVIDIA H200".
gnnac_status cuda_context_create(int ordinal, struct cuda_context **out,
                                 char *name, size_t name_bytes,
                                 gnnac_error *err);
void cuda_context_destroy(struct cuda_context *c);

// Upload the graph, cut its edges into parts, load every kernel (cubin of the
// device's architecture or its family, then PTX).
gnnac_status cuda_model_create(struct cuda_context *c,
                               const struct gnnac_model *m,
                               struct cuda_model **out, gnnac_error *err);
void cuda_model_destroy(struct cuda_model *cm);
const char *cuda_model_level(const struct cuda_model *cm); // "cubin" or "ptx"
// Buffers of the workspace plan and the kernels' partial sums.
size_t cuda_model_workspace_size(const struct cuda_model *cm);
// Copy m->params to the device; bring back what a trainer made of them.
gnnac_status cuda_model_upload(struct cuda_model *cm, gnnac_error *err);
gnnac_status cuda_model_download(struct cuda_model *cm, gnnac_error *err);
// From now on; at a failure nothing has changed. GNNAC_EDRIVER.
gnnac_status cuda_model_set_math(struct cuda_model *cm, gnnac_math math,
                                 gnnac_error *err);
// Whether BLAS computes a product in place of a kernel that came as PTX.
bool cuda_model_relieves(const struct cuda_model *cm);
// Whether BLAS computes a float32 product of the layer.
bool cuda_model_layer_by_blas(const struct cuda_model *cm, int32_t layer);
gnnac_status cuda_model_forward(struct cuda_model *cm, const float *x, float *y,
                                void *workspace, gnnac_stream stream,
                                gnnac_error *err);
gnnac_status cuda_model_run(struct cuda_model *cm, const float *x, float *y,
                            gnnac_error *err);

// Features on the device, of a model; `x`, host memory, must outlive them.
gnnac_status cuda_input_create(struct cuda_model *cm, const struct features *x,
                               struct cuda_input **out, gnnac_error *err);
void cuda_input_destroy(struct cuda_model *cm, struct cuda_input *in);
size_t cuda_input_workspace_size(const struct cuda_model *cm,
                                 const struct cuda_input *in);
gnnac_status cuda_input_forward(struct cuda_model *cm,
                                const struct cuda_input *in, float *y,
                                void *workspace, gnnac_stream stream,
                                gnnac_error *err);
// To host memory: allocates, waits, copies.
gnnac_status cuda_input_run(struct cuda_model *cm, const struct cuda_input *in,
                            float *y, gnnac_error *err);

#endif
