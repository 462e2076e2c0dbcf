// A bundle's program on a GPU: linear steps by cuBLAS, all others by the
// bundle's kernels.
#include <stdlib.h>
#include <string.h>

#include "bundle/dtype.h"
#include "checked.h"
#include "cuda/cuda_model.h"
#include "weights.h"

enum { ALIGNMENT = 256 };

static const struct manifest *manifest_of(const struct cuda_model *cm)
{
    return cm->m->bundle->manifest;
}

// ---- create -----------------------------------------------------------------

gnnac_status cuda_model_load_kernel(struct cuda_model *cm, int32_t kernel,
                                    struct cuda_graph *graph,
                                    size_t *partial_bytes, gnnac_error *err)
{
    const struct kernel *k = &manifest_of(cm)->kernels[kernel];
    gnnac_status st = GNNAC_OK;
    if (!cm->kernels[kernel].lib)
        st = cuda_kernel_from_bundle(cm->c, cm->m->bundle, kernel,
                                     &cm->kernels[kernel], err);
    if (st == GNNAC_OK)
        st = cuda_graph_prepare(graph, k, err);
    if (st != GNNAC_OK)
        return st;
    size_t bytes = cuda_graph_partial_bytes(graph, k);
    if (bytes > *partial_bytes)
        *partial_bytes = bytes;
    return GNNAC_OK;
}

static gnnac_status load_whole(struct cuda_model *cm, gnnac_error *err)
{
    const struct manifest *m = manifest_of(cm);
    gnnac_status st =
        cuda_graph_prepare(&cm->graph, &m->kernels[m->whole.kernel], err);
    return st == GNNAC_OK
               ? cuda_whole_load(&cm->graph, cm->m->bundle, &cm->whole, err)
               : st;
}

static gnnac_status load_kernels(struct cuda_model *cm, gnnac_error *err)
{
    const struct program *p = &manifest_of(cm)->program;
    gnnac_status st = GNNAC_OK;
    for (int32_t i = 0; i < p->n_steps && st == GNNAC_OK; i++)
        if (p->steps[i].kernel >= 0)
            st = cuda_model_load_kernel(cm, p->steps[i].kernel, &cm->graph,
                                        &cm->partial_bytes, err);
    if (st == GNNAC_OK && has_whole(manifest_of(cm)))
        st = load_whole(cm, err);
    return st;
}

static gnnac_status alloc_params(struct cuda_model *cm, gnnac_error *err)
{
    const struct program *p = &manifest_of(cm)->program;
    param_layout_build(p, &cm->layout);
    return cuda_alloc_zeros(cm->c,
                            (size_t)cm->layout.n_floats * sizeof(float), NULL,
                            "the weights", &cm->weights, err);
}

static gnnac_status upload_order(struct cuda_model *cm, gnnac_error *err)
{
    const struct gnnac_bundle *b = cm->m->bundle;
    size_t n_bytes = (size_t)b->manifest->n_nodes * sizeof(int32_t);
    if (!b->perm)
        return GNNAC_OK;
    gnnac_status st =
        cuda_upload(cm->c, b->perm, n_bytes, "the order", &cm->perm, err);
    return st == GNNAC_OK ? cuda_upload(cm->c, b->inverse, n_bytes, "the order",
                                        &cm->inverse, err)
                          : st;
}

static bool has_blas_step(const struct cuda_model *cm)
{
    const struct program *p = &manifest_of(cm)->program;
    for (int32_t i = 0; i < p->n_steps; i++)
        if (step_by_blas(&p->steps[i]))
            return true;
    return false;
}

// What the product of a linear step is, for BLAS.
static struct product product_of(const struct cuda_model *cm,
                                 const struct step *s)
{
    const struct param *w = &manifest_of(cm)->program.params[s->weight];
    return (struct product){manifest_of(cm)->n_nodes, w->rows, w->cols,
                            s->accumulate};
}

static void plan_epilogues(struct cuda_model *cm)
{
    const struct program *p = &manifest_of(cm)->program;
    for (int32_t i = 0; i + 1 < p->n_steps; i++) {
        const struct step *s = &p->steps[i], *next = s + 1;
        if (!step_ends_product(p, s, next))
            continue;
        const struct product size = product_of(cm, s);
        cuda_epilogue_plan(&cm->blas, &size, p->buffers[s->x].pitch,
                           p->buffers[s->out].pitch, cuda_param(cm, next->bias),
                           next->act, &cm->epilogues[i]);
    }
}

static gnnac_status build(struct cuda_model *cm, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct gnnac_bundle *b = cm->m->bundle;
    TRY(cuda_graph_init(cm->c, b->manifest->n_nodes,
                        b->manifest->n_stored_edges, b->rowptr, b->colidx,
                        cm->m->dinv, &cm->graph, err));
    TRY(upload_order(cm, err));
    TRY(load_kernels(cm, err));
    if (has_blas_step(cm))
        TRY(cuda_blas_open(cm->c, &cm->blas, err));
    TRY(alloc_params(cm, err));
    plan_epilogues(cm);
out:
    return st;
}

gnnac_status cuda_model_create(struct cuda_context *c,
                               const struct gnnac_model *m,
                               struct cuda_model **out, gnnac_error *err)
{
    struct cuda_model *cm = calloc(1, sizeof(*cm));
    if (!cm)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    cm->c = c;
    cm->m = m;
    gnnac_status st = cuda_enter(c, err);
    if (st != GNNAC_OK) {
        free(cm);
        return st;
    }
    st = build(cm, err);
    cuda_leave(c);
    if (st == GNNAC_OK)
        *out = cm;
    else
        cuda_model_destroy(cm);
    return st;
}

static void release(struct cuda_model *cm)
{
    const struct cuda_context *c = cm->c;
    for (int32_t i = 0; i < MAX_STEPS; i++)
        cuda_epilogue_finish(&cm->blas, &cm->epilogues[i]);
    cuda_blas_close(&cm->blas);
    if (cm->stream)
        c->cu.cuStreamDestroy_v2(cm->stream);
    for (int32_t i = 0; i < MAX_KERNELS; i++)
        cuda_kernel_unload(c, &cm->kernels[i]);
    cuda_whole_unload(c, &cm->whole);
    cuda_free(c, cm->weights);
    cuda_free(c, cm->perm);
    cuda_free(c, cm->inverse);
    cuda_free(c, cm->run_x);
    cuda_free(c, cm->run_y);
    cuda_free(c, cm->run_workspace);
    cuda_graph_finish(&cm->graph);
}

void cuda_model_destroy(struct cuda_model *cm)
{
    if (!cm)
        return;
    if (cuda_enter(cm->c, NULL) == GNNAC_OK) {
        release(cm);
        cuda_leave(cm->c);
    }
    free(cm);
}

const char *cuda_model_level(const struct cuda_model *cm)
{
    for (int32_t i = 0; i < manifest_of(cm)->n_kernels; i++)
        if (cm->kernels[i].from_ptx)
            return "ptx";
    if (cm->whole.kernel.from_ptx)
        return "ptx";
    return "cubin";
}

static size_t partial_offset(const struct cuda_model *cm)
{
    return (cm->m->plan.n_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

size_t cuda_model_workspace_size(const struct cuda_model *cm)
{
    size_t steps = partial_offset(cm) + cm->partial_bytes;
    size_t whole = cuda_whole_workspace(&cm->whole, cm->m->bundle);
    return steps > whole ? steps : whole;
}

// Wait for what a trainer still does to the weights.
static gnnac_status settle(struct cuda_model *cm, gnnac_error *err)
{
    cu_stream stream = cm->taught_on;
    cm->taught_on = NULL;
    return stream ? CU(cm->c, cuStreamSynchronize, (stream), err) : GNNAC_OK;
}

static size_t param_bytes(const struct program *p, int32_t i)
{
    return (size_t)param_elems(&p->params[i]) *
           dtype_bytes(program_param_type(p, i));
}

// A parameter, rounded where a linear step reads it in 16 bits; it takes then
// the first half of its place.
static gnnac_status upload_param(struct cuda_model *cm, int32_t i,
                                 gnnac_error *err)
{
    const struct program *p = &manifest_of(cm)->program;
    enum dtype type = program_param_type(p, i);
    size_t n_bytes = param_bytes(p, i);
    if (type == DTYPE_F32)
        return cuda_copy_in(cm->c, cuda_param(cm, i), cm->m->params[i], n_bytes,
                            err);
    void *stored = malloc(n_bytes);
    if (!stored)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for the weights");
    dtype_store(type, cm->m->params[i], param_elems(&p->params[i]), stored);
    gnnac_status st =
        cuda_copy_in(cm->c, cuda_param(cm, i), stored, n_bytes, err);
    free(stored);
    return st;
}

gnnac_status cuda_model_upload(struct cuda_model *cm, gnnac_error *err)
{
    gnnac_status st = cuda_enter(cm->c, err);
    if (st != GNNAC_OK)
        return st;
    st = settle(cm, err);
    for (int32_t i = 0; i < manifest_of(cm)->program.n_params && st == GNNAC_OK;
         i++)
        st = upload_param(cm, i, err);
    cm->host_is_old = cm->host_is_old && st != GNNAC_OK;
    cuda_leave(cm->c);
    return st;
}

// Only a trainer makes the host's copy old, and it trains float32.
gnnac_status cuda_model_download(struct cuda_model *cm, gnnac_error *err)
{
    if (!cm->host_is_old)
        return GNNAC_OK;
    gnnac_status st = cuda_enter(cm->c, err);
    if (st != GNNAC_OK)
        return st;
    st = settle(cm, err);
    const struct program *p = &manifest_of(cm)->program;
    for (int32_t i = 0; i < p->n_params && st == GNNAC_OK; i++)
        st = CU(cm->c, cuMemcpyDtoH_v2,
                (cm->m->params[i], cuda_param(cm, i), param_bytes(p, i)), err);
    cm->host_is_old = st != GNNAC_OK;
    cuda_leave(cm->c);
    return st;
}

// ---- execute ----------------------------------------------------------------

// Device addresses of one forward pass.
struct pass {
    struct cuda_model *cm;
    cu_ptr x, y, workspace;
    cu_stream stream;
};

static cu_ptr buffer_address(const struct pass *p, int32_t buffer)
{
    if (buffer < 0)
        return 0;
    if (buffer == 0)
        return p->x;
    return buffer == 1 ? p->y : p->workspace + p->cm->m->plan.offset[buffer];
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
    const struct product size = product_of(p->cm, s);
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
    const struct operands o = {
        .out = buffer_address(p, last->out),
        .x = buffer_address(p, s->x),
        .self = buffer_address(p, s->self),
        .weight = cuda_param(p->cm, tail && s->weight < 0 ? tail->weight
                                                          : s->weight),
        .bias = cuda_param(p->cm, s->bias),
        .tail_bias = cuda_param(p->cm, tail ? last->bias : -1),
        .eps = cuda_param(p->cm, s->eps),
        .partial = p->workspace + partial_offset(p->cm),
        .source_row = cuda_source_rows(p->cm, s),
        .att_src = scores ? cuda_param(p->cm, s->weight) : 0,
        .att_dst = scores ? cuda_param(p->cm, s->weight + 1) : 0,
    };
    return cuda_kernel_launch(&p->cm->graph, &p->cm->kernels[s->kernel], &o,
                              p->stream, err);
}

static gnnac_status run_steps(const struct pass *p, gnnac_error *err)
{
    struct cuda_model *cm = p->cm;
    const struct program *prog = &manifest_of(cm)->program;
    gnnac_status st = GNNAC_OK;
    if (cm->blas.handle)
        st = cuda_blas_on(&cm->blas, p->stream, err);
    for (int32_t i = 0; i < prog->n_steps && st == GNNAC_OK; i++) {
        const struct step *s = &prog->steps[i];
        if (s->fused)
            continue;
        if (cm->epilogues[i].desc)
            st = run_ended(p, i++, err);
        else
            st = step_by_blas(s) ? run_linear(p, s, err)
                                 : run_kernel(p, s, err);
    }
    return st;
}

static gnnac_status run_program(const struct pass *p, gnnac_error *err)
{
    struct cuda_model *cm = p->cm;
    gnnac_status st = settle(cm, err);
    if (st != GNNAC_OK || !cuda_whole_takes(&cm->whole, p->workspace))
        return st == GNNAC_OK ? run_steps(p, err) : st;
    return cuda_whole_launch(&cm->graph, &cm->whole, p->x, p->y, cm->weights,
                             p->workspace, p->stream, err);
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
    if (manifest_of(cm)->n_nodes == 0)
        return GNNAC_OK;
    gnnac_status st = cuda_enter(cm->c, err);
    if (st != GNNAC_OK)
        return st;
    st = run_program(&p, err);
    cuda_leave(cm->c);
    return st;
}

// ---- host arrays ------------------------------------------------------------

static size_t matrix_bytes(const struct cuda_model *cm, int32_t buffer)
{
    const struct manifest *m = manifest_of(cm);
    return (size_t)m->n_nodes * (size_t)m->program.buffers[buffer].dim *
           sizeof(float);
}

static gnnac_status prepare_run(struct cuda_model *cm, gnnac_error *err)
{
    const struct cuda_context *c = cm->c;
    gnnac_status st = GNNAC_OK;
    if (!cm->run_x)
        TRY(cuda_alloc(c, matrix_bytes(cm, 0), "the features", &cm->run_x,
                       err));
    if (!cm->run_y)
        TRY(cuda_alloc(c, matrix_bytes(cm, 1), "the output", &cm->run_y, err));
    if (!cm->run_workspace)
        TRY(cuda_alloc(c, cuda_model_workspace_size(cm), "the workspace",
                       &cm->run_workspace, err));
    if (!cm->stream)
        TRY(CU(c, cuStreamCreate, (&cm->stream, CU_STREAM_NON_BLOCKING), err));
out:
    return st;
}

static gnnac_status run_on_host_arrays(struct cuda_model *cm, const float *x,
                                       float *y, gnnac_error *err)
{
    const struct cuda_context *c = cm->c;
    gnnac_status st = GNNAC_OK;
    TRY(prepare_run(cm, err));
    const struct pass p = {.cm = cm,
                           .x = cm->run_x,
                           .y = cm->run_y,
                           .workspace = cm->run_workspace,
                           .stream = cm->stream};
    TRY(CU(c, cuMemcpyHtoDAsync_v2,
           (cm->run_x, x, matrix_bytes(cm, 0), cm->stream), err));
    TRY(run_program(&p, err));
    TRY(CU(c, cuStreamSynchronize, (cm->stream), err));
    TRY(CU(c, cuMemcpyDtoH_v2, (y, cm->run_y, matrix_bytes(cm, 1)), err));
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
    st = run_on_host_arrays(cm, x, y, err);
    cuda_leave(cm->c);
    return st;
}
