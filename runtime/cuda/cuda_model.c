// What a model has on a GPU: made, filled, brought back.
#include <stdlib.h>
#include <string.h>

#include "bundle/dtype.h"
#include "checked.h"
#include "cuda/cuda_model.h"
#include "weights.h"

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
        if (cuda_step_by_blas(cm, i))
            return true;
    return false;
}

static bool is_float32_product(const struct program *p, const struct step *s)
{
    return s->kind == STEP_LINEAR && p->buffers[s->x].dtype == DTYPE_F32 &&
           p->buffers[s->out].dtype == DTYPE_F32;
}

// PTX for compute_75 knows no tensor cores of tf32, and sums by the plain units
// what a kernel for tensor cores has laid out: BLAS is many times faster. A
// manifest's family is but a name: what BLAS is told is float32 must be. Slabs
// only the kernel can write, nor does BLAS end in a residual.
static void relieve_products(struct cuda_model *cm)
{
    const struct program *p = &manifest_of(cm)->program;
    for (int32_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->steps[i];
        cm->relieved[i] =
            is_float32_product(p, s) && s->kernel >= 0 &&
            !p->buffers[s->out].slab && !step_residual(p, s) &&
            s->norm == NORM_NONE && cm->kernels[s->kernel].from_ptx &&
            strcmp(manifest_of(cm)->kernels[s->kernel].family,
                   "linear_mma") == 0;
    }
}

bool cuda_model_relieves(const struct cuda_model *cm)
{
    for (int32_t i = 0; i < MAX_STEPS; i++)
        if (cm->relieved[i])
            return true;
    return false;
}

bool cuda_model_layer_by_blas(const struct cuda_model *cm, int32_t layer)
{
    const struct program *p = &manifest_of(cm)->program;
    for (int32_t i = 0; i < p->n_steps; i++)
        if (p->steps[i].layer == layer && cuda_step_by_blas(cm, i) &&
            is_float32_product(p, &p->steps[i]))
            return true;
    return false;
}

struct product cuda_product_of(const struct cuda_model *cm,
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
        if (!step_ends_product(p, s, next) &&
            !(cm->relieved[i] && next->fused))
            continue;
        const struct product size = cuda_product_of(cm, s);
        cuda_epilogue_plan(&cm->blas, &size, p->buffers[s->x].pitch,
                           p->buffers[s->out].pitch, cuda_param(cm, next->bias),
                           next->act, &cm->epilogues[i]);
        // What ends it has no kernel of its own.
        if (next->fused && !cm->epilogues[i].desc)
            cm->relieved[i] = false;
    }
}

static void forget_epilogues(struct cuda_model *cm)
{
    for (int32_t i = 0; i < MAX_STEPS; i++)
        cuda_epilogue_finish(&cm->blas, &cm->epilogues[i]);
}

gnnac_status cuda_model_set_math(struct cuda_model *cm, gnnac_math math,
                                 gnnac_error *err)
{
    gnnac_status st = cuda_enter(cm->c, err);
    if (st != GNNAC_OK)
        return st;
    cm->blas.compute = cuda_blas_compute(math);
    forget_epilogues(cm);
    relieve_products(cm); // another math may have epilogues that the last lacks
    plan_epilogues(cm);
    cuda_leave(cm->c);
    return GNNAC_OK;
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
    relieve_products(cm);
    if (has_blas_step(cm))
        TRY(cuda_blas_open_bare(cm->c, cm->m->math, &cm->blas, err));
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
    forget_epilogues(cm);
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

gnnac_status cuda_model_settle(struct cuda_model *cm, gnnac_error *err)
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
    st = cuda_model_settle(cm, err);
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
    st = cuda_model_settle(cm, err);
    const struct program *p = &manifest_of(cm)->program;
    for (int32_t i = 0; i < p->n_params && st == GNNAC_OK; i++)
        st = CU(cm->c, cuMemcpyDtoH_v2,
                (cm->m->params[i], cuda_param(cm, i), param_bytes(p, i)), err);
    cm->host_is_old = st != GNNAC_OK;
    cuda_leave(cm->c);
    return st;
}
