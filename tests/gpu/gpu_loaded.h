// Models with all that a forward pass needs on a GPU, and the memory that
// cuBLAS is told to work in.
#ifndef GNNAC_GPU_LOADED_H
#define GNNAC_GPU_LOADED_H

#include <dlfcn.h>

#include "cuda/cuda_model.h"
#include "gpu_fixture.h"

// Driver calls that gnnac itself does not need.
#define GRAPH_CALLS(CALL)                                                      \
    CALL(cuStreamBeginCapture_v2, (cu_stream stream, int mode))                \
    CALL(cuStreamEndCapture, (cu_stream stream, void **graph))                 \
    CALL(cuGraphInstantiateWithFlags,                                          \
         (void **exec, void *graph, unsigned long long flags))                 \
    CALL(cuGraphLaunch, (void *exec, cu_stream stream))                        \
    CALL(cuGraphExecDestroy, (void *exec))                                     \
    CALL(cuGraphDestroy, (void *graph))                                        \
    CALL(cuCtxGetCurrent, (cu_context * ctx))

#define CALL(name, parameters) int(*name) parameters;
static struct {
    GRAPH_CALLS(CALL)
} more;
#undef CALL

static struct cuda_context *gpu;
static gnnac_context *ctx;
static struct csr graph;

static inline bool resolve_more(void)
{
    bool all = true;
#define CALL(name, parameters)                                                 \
    *(void **)&more.name = dlsym(gpu->driver_handle, #name);                   \
    all = all && more.name;
    GRAPH_CALLS(CALL)
#undef CALL
    return all;
}

// A model with everything that one forward pass needs on the device.
struct loaded {
    gnnac_bundle *bundle;
    gnnac_model *model;
    gnnac_bundle_info info;
    size_t x_bytes, y_bytes, workspace_bytes;
    cu_ptr x, y, workspace;
    cu_stream stream;
};

static inline bool load_wide(struct loaded *l, const char *name, int32_t dim,
                             int32_t hidden, const struct gpu_build *build)
{
    gnnac_error err = {{0}};
    struct model_request rq = {.name = name, .dim = dim, .hidden = hidden,
                               .classes = 6, .layers = 3};
    *l = (struct loaded){.bundle = gpu_bundle(&graph, &rq, build, &err)};
    if (!l->bundle ||
        gnnac_model_create(ctx, l->bundle, &l->model, &err) != GNNAC_OK ||
        gnnac_model_init_weights(l->model, 1, &err) != GNNAC_OK) {
        TEST__FAIL("%s", err.msg);
        return false;
    }
    gnnac_bundle_get_info(l->bundle, &l->info);
    l->x_bytes = (size_t)(l->info.n_nodes * l->info.in_dim) * sizeof(float);
    l->y_bytes = (size_t)(l->info.n_nodes * l->info.out_dim) * sizeof(float);
    l->workspace_bytes = gnnac_model_workspace_size(l->model);
    CHECK_OK(cuda_enter(gpu, &err), err);
    CHECK_OK(cuda_alloc(gpu, l->x_bytes, "x", &l->x, &err), err);
    CHECK_OK(cuda_alloc(gpu, l->y_bytes, "y", &l->y, &err), err);
    CHECK_OK(cuda_alloc(gpu, l->workspace_bytes, "workspace", &l->workspace,
                        &err), err);
    CHECK_OK(CU(gpu, cuStreamCreate, (&l->stream, CU_STREAM_NON_BLOCKING),
                &err), err);
    return err.msg[0] == '\0';
}

static inline bool load(struct loaded *l, const char *name,
                        const struct gpu_build *build)
{
    return load_wide(l, name, 20, 16, build);
}

static inline void unload(struct loaded *l)
{
    cuda_free(gpu, l->x);
    cuda_free(gpu, l->y);
    cuda_free(gpu, l->workspace);
    if (l->stream) {
        gpu->cu.cuStreamDestroy_v2(l->stream);
        cuda_leave(gpu);
    }
    gnnac_model_destroy(l->model);
    gnnac_bundle_close(l->bundle);
}

// A forward pass with memory of the caller's.
static inline gnnac_status forward_on(struct loaded *l, cu_ptr y,
                                      cu_ptr workspace, cu_stream stream,
                                      gnnac_error *err)
{
    return gnnac_model_forward(l->model, (const float *)(uintptr_t)l->x,
                               (float *)(uintptr_t)y,
                               (void *)(uintptr_t)workspace,
                               l->workspace_bytes, stream, err);
}

// ---- where cuBLAS works -----------------------------------------------------

// What cublasSetWorkspace was told last, and how often it was told.
static struct {
    cu_ptr begin;
    size_t n_bytes;
    int n_calls;
    int (*set)(cublas_handle handle, void *workspace, size_t n_bytes);
} blas_memory;

static int note_workspace(cublas_handle handle, void *workspace, size_t n_bytes)
{
    blas_memory.begin = (uintptr_t)workspace;
    blas_memory.n_bytes = n_bytes;
    blas_memory.n_calls++;
    return blas_memory.set(handle, workspace, n_bytes);
}

// From here on all models' calls are noted.
static inline void watch_blas_memory(void)
{
    blas_memory.set = ctx->cuda->blas.cublasSetWorkspace_v2;
    ctx->cuda->blas.cublasSetWorkspace_v2 = note_workspace;
}

// It has the end of the workspace, which nothing else has, as it wants it
// aligned.
static inline void check_blas_memory(cu_ptr workspace, size_t n_bytes)
{
    enum { ALIGNED = 256 };
    CHECK(blas_memory.n_calls > 0);
    CHECK_INT(blas_memory.n_bytes, BLAS_WORKSPACE_BYTES);
    CHECK_INT(blas_memory.begin % ALIGNED, 0);
    CHECK(blas_memory.begin >=
          workspace + n_bytes - BLAS_WORKSPACE_BYTES - ALIGNED);
    CHECK(blas_memory.begin + BLAS_WORKSPACE_BYTES <= workspace + n_bytes);
    blas_memory.n_calls = 0;
}

// ---- the program ------------------------------------------------------------

// False when the program is over, with its exit status in *status.
static inline bool loaded_begin(int *status)
{
    gnnac_error err = {{0}};
    const gnnac_context_options options = {.struct_size = sizeof(options),
                                           .device = "cuda:0"};
    *status = 0;
    gpu = gpu_open();
    if (!gpu)
        return false;
    if (!resolve_more() ||
        gnnac_context_create(&options, &ctx, &err) != GNNAC_OK) {
        printf("not ok 1 - driver: %s\n1..1\n", err.msg);
        *status = 1;
        return false;
    }
    watch_blas_memory();
    graph = gpu_random_graph(400, 4, 8);
    return true;
}

static inline int loaded_end(void)
{
    csr_finish(&graph);
    gnnac_context_destroy(ctx);
    cuda_context_destroy(gpu);
    return test_done();
}

#endif
