// A bundle's program on a GPU: linear steps by cuBLAS, all others by the
// bundle's kernels.
#include "cuda/cuda_input.h"

enum { ALIGNMENT = 256, BUFFER_X = 0, BUFFER_Y = 1 };

static const struct manifest *manifest_of(const struct cuda_model *cm)
{
    return cm->m->bundle->manifest;
}

// ---- the workspace ----------------------------------------------------------

// The steps' buffers, partial sums of their kernels, where features are sparse
// a weight turned round, and what cuBLAS needs; or all of it as the kernel of
// the whole model has it.
static size_t aligned(size_t n)
{
    return (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t partial_offset(const struct cuda_model *cm)
{
    return aligned(cm->m->plan.n_bytes);
}

static size_t turned_offset(const struct cuda_model *cm,
                            const struct cuda_input *in)
{
    return partial_offset(cm) + aligned(in->partial_bytes);
}

// Of dense features `in` is NULL.
static size_t blas_offset(const struct cuda_model *cm,
                          const struct cuda_input *in)
{
    return in ? turned_offset(cm, in) + aligned(in->turned_bytes)
              : partial_offset(cm) + aligned(cm->partial_bytes);
}

// The caller's memory is less aligned than cuBLAS wants it.
static size_t blas_bytes(const struct cuda_model *cm)
{
    return cm->blas.handle ? BLAS_WORKSPACE_BYTES + ALIGNMENT : 0;
}

size_t cuda_model_workspace_size(const struct cuda_model *cm)
{
    size_t steps = blas_offset(cm, NULL) + blas_bytes(cm);
    size_t whole = cuda_whole_workspace(&cm->whole, cm->m->bundle);
    return steps > whole ? steps : whole;
}

size_t cuda_input_workspace_size(const struct cuda_model *cm,
                                 const struct cuda_input *in)
{
    return in->x ? cuda_model_workspace_size(cm)
                 : blas_offset(cm, in) + blas_bytes(cm);
}

// ---- steps ------------------------------------------------------------------

// Device addresses of one forward pass.
struct pass {
    struct cuda_model *cm;
    const struct cuda_input *sparse; // NULL: x is dense
    cu_ptr x, y, workspace;
    cu_stream stream;
};

static cu_ptr buffer_address(const struct pass *p, int32_t buffer)
{
    if (buffer < 0)
        return 0;
    if (buffer == BUFFER_X)
        return p->x;
    return buffer == BUFFER_Y ? p->y
                              : p->workspace + p->cm->m->plan.offset[buffer];
}

static struct device_matrix matrix(const struct pass *p, int32_t buffer)
{
    const struct buffer *b = &manifest_of(p->cm)->program.buffers[buffer];
    return (struct device_matrix){buffer_address(p, buffer), b->pitch,
                                  b->dtype};
}

static gnnac_status run_linear(const struct pass *p, const struct step *s,
                               gnnac_error *err)
{
    const struct product size = cuda_product_of(p->cm, s);
    return cuda_blas_linear(&p->cm->blas, &size, cuda_param(p->cm, s->weight),
                            matrix(p, s->x), matrix(p, s->out), err);
}

// The product of a step and what the next makes of it.
static gnnac_status run_ended(const struct pass *p, int32_t step,
                              gnnac_error *err)
{
    const struct cuda_model *cm = p->cm;
    const struct step *s = &manifest_of(cm)->program.steps[step];
    return cuda_epilogue_run(&cm->blas, &cm->epilogues[step],
                             cuda_param(cm, s->weight),
                             buffer_address(p, s->x),
                             buffer_address(p, s->out), p->stream, err);
}

cu_ptr cuda_source_rows(const struct cuda_model *cm, const struct step *s)
{
    return s->kind == STEP_GRAPH_ORDER   ? cm->inverse
           : s->kind == STEP_INPUT_ORDER ? cm->perm
                                         : 0;
}

static gnnac_status run_kernel(const struct pass *p, const struct step *s,
                               gnnac_error *err)
{
    bool scores = s->kind == STEP_ATTENTION_SCORES;
    const struct program *program = &manifest_of(p->cm)->program;
    const struct step *tail = step_tail(program, s);
    const struct step *last = step_last(program, s);
    const struct step *ending = step_ending(program, s);
    const struct step *residual = step_residual(program, s);
    const struct operands o = {
        .out = buffer_address(p, last->out),
        .x = buffer_address(p, s->x),
        .self = buffer_address(p, s->self),
        .residual = buffer_address(p, residual ? residual->self : -1),
        .weight = cuda_param(p->cm, tail && s->weight < 0 ? tail->weight
                                                          : s->weight),
        .bias = cuda_param(p->cm, s->bias),
        .tail_bias = cuda_param(p->cm, ending != s ? ending->bias : -1),
        .eps = cuda_param(p->cm, s->eps),
        .partial = p->workspace + partial_offset(p->cm),
        .source_row = cuda_source_rows(p->cm, s),
        .att_src = scores ? cuda_param(p->cm, s->weight) : 0,
        .att_dst = scores ? cuda_param(p->cm, s->weight + 1) : 0,
        .early = true,
    };
    return cuda_kernel_launch(&p->cm->graph, &p->cm->kernels[s->kernel], &o,
                              p->stream, err);
}

// A product of sparse features.
static gnnac_status run_sparse(const struct pass *p, int32_t step,
                               gnnac_error *err)
{
    const struct step *s = &p->sparse->p.steps[step];
    const struct operands o = {
        .out = buffer_address(p, s->out),
        .self = buffer_address(p, s->self),
        .weight = cuda_param(p->cm, s->weight),
        .partial = p->workspace + partial_offset(p->cm),
        .weight_t = p->workspace + turned_offset(p->cm, p->sparse),
        .edge_values = p->sparse->values,
        .early = true,
    };
    return cuda_kernel_launch(&p->sparse->rows, &p->cm->kernels[s->kernel], &o,
                              p->stream, err);
}

static cu_ptr blas_workspace(const struct pass *p)
{
    return aligned(p->workspace + blas_offset(p->cm, p->sparse));
}

static gnnac_status run_steps(const struct pass *p, gnnac_error *err)
{
    struct cuda_model *cm = p->cm;
    const struct program *prog = &manifest_of(cm)->program;
    gnnac_status st = GNNAC_OK;
    if (cm->blas.handle)
        st = cuda_blas_in(&cm->blas, blas_workspace(p), p->stream, err);
    for (int32_t i = 0; i < prog->n_steps && st == GNNAC_OK; i++) {
        const struct step *s = &prog->steps[i];
        if (s->fused)
            continue;
        if (p->sparse && s->x == BUFFER_X)
            st = run_sparse(p, i, err);
        else if (cm->epilogues[i].desc)
            st = run_ended(p, i++, err);
        else
            st = cuda_step_by_blas(cm, i) ? run_linear(p, s, err)
                                          : run_kernel(p, s, err);
    }
    return st;
}

static gnnac_status run_program(const struct pass *p, gnnac_error *err)
{
    struct cuda_model *cm = p->cm;
    gnnac_status st = cuda_model_settle(cm, err);
    if (st != GNNAC_OK)
        return st;
    if (p->sparse || !cuda_whole_takes(&cm->whole, p->workspace))
        return run_steps(p, err);
    return cuda_whole_launch(&cm->graph, &cm->whole, p->x, p->y, cm->weights,
                             p->workspace, p->stream, err);
}

static gnnac_status forward(const struct pass *p, gnnac_error *err)
{
    struct cuda_model *cm = p->cm;
    if (manifest_of(cm)->n_nodes == 0)
        return GNNAC_OK;
    gnnac_status st = cuda_enter(cm->c, err);
    if (st != GNNAC_OK)
        return st;
    st = run_program(p, err);
    cuda_leave(cm->c);
    return st;
}

gnnac_status cuda_model_forward(struct cuda_model *cm, const float *x, float *y,
                                void *workspace, gnnac_stream stream,
                                gnnac_error *err)
{
    const struct pass p = {.cm = cm,
                           .x = (uintptr_t)x,
                           .y = (uintptr_t)y,
                           .workspace = (uintptr_t)workspace,
                           .stream = stream};
    return forward(&p, err);
}

gnnac_status cuda_input_forward(struct cuda_model *cm,
                                const struct cuda_input *in, float *y,
                                void *workspace, gnnac_stream stream,
                                gnnac_error *err)
{
    const struct pass p = {.cm = cm,
                           .sparse = in->x ? NULL : in,
                           .x = in->x,
                           .y = (uintptr_t)y,
                           .workspace = (uintptr_t)workspace,
                           .stream = stream};
    return forward(&p, err);
}

// ---- host arrays ------------------------------------------------------------

static size_t matrix_bytes(const struct cuda_model *cm, int32_t buffer)
{
    const struct manifest *m = manifest_of(cm);
    return (size_t)m->n_nodes * (size_t)m->program.buffers[buffer].dim *
           sizeof(float);
}

// An array for cuda_model_run and cuda_input_run, at its first use.
static gnnac_status alloc_once(const struct cuda_model *cm, size_t n_bytes,
                               const char *what, cu_ptr *out, gnnac_error *err)
{
    return *out ? GNNAC_OK : cuda_alloc(cm->c, n_bytes, what, out, err);
}

static gnnac_status run_and_fetch(struct pass *p, float *y, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct cuda_model *cm = p->cm;
    TRY(alloc_once(cm, matrix_bytes(cm, BUFFER_Y), "the output", &cm->run_y,
                   err));
    p->y = cm->run_y;
    TRY(run_program(p, err));
    TRY(CU(cm->c, cuStreamSynchronize, (cm->stream), err));
    TRY(CU(cm->c, cuMemcpyDtoH_v2,
           (y, cm->run_y, matrix_bytes(cm, BUFFER_Y)), err));
out:
    return st;
}

static gnnac_status open_stream(struct cuda_model *cm, gnnac_error *err)
{
    return cm->stream ? GNNAC_OK
                      : CU(cm->c, cuStreamCreate,
                           (&cm->stream, CU_STREAM_NON_BLOCKING), err);
}

static gnnac_status run_host_features(struct cuda_model *cm, const float *x,
                                      float *y, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    size_t n_bytes = matrix_bytes(cm, BUFFER_X);
    TRY(open_stream(cm, err));
    TRY(alloc_once(cm, n_bytes, "the features", &cm->run_x, err));
    TRY(alloc_once(cm, cuda_model_workspace_size(cm), "the workspace",
                   &cm->run_workspace, err));
    TRY(CU(cm->c, cuMemcpyHtoDAsync_v2, (cm->run_x, x, n_bytes, cm->stream),
           err));
    struct pass p = {.cm = cm,
                     .x = cm->run_x,
                     .workspace = cm->run_workspace,
                     .stream = cm->stream};
    TRY(run_and_fetch(&p, y, err));
out:
    return st;
}

gnnac_status cuda_model_run(struct cuda_model *cm, const float *x, float *y,
                            gnnac_error *err)
{
    if (manifest_of(cm)->n_nodes == 0)
        return GNNAC_OK;
    gnnac_status st = cuda_enter(cm->c, err);
    if (st != GNNAC_OK)
        return st;
    st = run_host_features(cm, x, y, err);
    cuda_leave(cm->c);
    return st;
}

// The workspace may be larger than the model's, which is kept.
static gnnac_status run_input(struct cuda_model *cm,
                              const struct cuda_input *in, float *y,
                              gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    cu_ptr workspace = 0;
    TRY(open_stream(cm, err));
    TRY(cuda_alloc(cm->c, cuda_input_workspace_size(cm, in), "the workspace",
                   &workspace, err));
    struct pass p = {.cm = cm,
                     .sparse = in->x ? NULL : in,
                     .x = in->x,
                     .workspace = workspace,
                     .stream = cm->stream};
    TRY(run_and_fetch(&p, y, err));
out:
    cuda_free(cm->c, workspace);
    return st;
}

gnnac_status cuda_input_run(struct cuda_model *cm, const struct cuda_input *in,
                            float *y, gnnac_error *err)
{
    if (manifest_of(cm)->n_nodes == 0)
        return GNNAC_OK;
    gnnac_status st = cuda_enter(cm->c, err);
    if (st != GNNAC_OK)
        return st;
    st = run_input(cm, in, y, err);
    cuda_leave(cm->c);
    return st;
}
