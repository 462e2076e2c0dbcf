#include "ops/op_cuda.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "cuda/cuda_kernel.h"

enum { ALIGNMENT = 256 };

// A graph's arrays on the GPU, shared by its plans: by rows, and by sources
// once a plan goes backward.
struct op_graph_cuda {
    struct cuda_graph by[2];
};
enum { BY_ROW, BY_SOURCE };

struct op_cuda {
    const struct cuda_context *c;
    struct program p;
    // As the graph's were when all was there: others may add to those.
    struct cuda_graph by[2];
    struct cuda_kernel kernels[MAX_OPERATOR_STEPS]; // of each step
    size_t offset[N_OP_BUFFERS]; // of those in the workspace
    size_t partial_at, partial_bytes;
};

static int graph_of(const struct step *s)
{
    return s->transposed ? BY_SOURCE : BY_ROW;
}

// ---- the bundle -------------------------------------------------------------

static const struct operator_kernels *find_operator(const gnnac_bundle *b,
                                                    const char *key)
{
    const struct operators *o = &b->manifest->operators;
    for (int32_t i = 0; i < o->n_list; i++)
        if (strcmp(o->list[i].key, key) == 0)
            return &o->list[i];
    return NULL;
}

static gnnac_status look_up(const gnnac_plan_options *o,
                            const struct operator_kernels **out,
                            gnnac_error *err)
{
    char key[OPERATOR_KEY_LEN];
    const gnnac_bundle *b = o->kernels;
    gnnac_status st = operator_key(o, key, err);
    if (st != GNNAC_OK)
        return st;
    if (!b)
        return FAIL(err, GNNAC_EUSAGE,
                    "on a GPU a plan takes its kernels from a bundle: make one "
                    "with gnnac compile GRAPH --ops %s",
                    key);
    if (!(*out = find_operator(b, key)))
        return FAIL(err, GNNAC_ENOENT,
                    "the bundle has no kernels for %s: compile it with --ops "
                    "%s",
                    key, key);
    if (strcmp(b->manifest->operators.rules, OPERATOR_RULES) != 0)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "the bundle's operators are of another version of gnnac: "
                    "compile it anew");
    return GNNAC_OK;
}

// ---- the graph --------------------------------------------------------------

// The norms may be asked for by a later plan than the edges.
static gnnac_status upload_graph(struct gnnac_graph *g, int which,
                                 gnnac_error *err)
{
    const struct cuda_context *c = g->ctx->cuda;
    struct cuda_graph *to = &g->cuda->by[which];
    const int64_t *rowptr = which == BY_ROW ? g->rowptr : g->by_source.rowptr;
    const int32_t *colidx = which == BY_ROW ? g->colidx : g->by_source.colidx;
    gnnac_status st = GNNAC_OK;
    if (!to->c)
        return cuda_graph_init(c, g->n_nodes, g->n_edges, rowptr, colidx,
                               g->dinv, to, err);
    if (g->dinv && !to->dinv)
        st = cuda_upload(c, g->dinv, (size_t)g->n_nodes * sizeof(*g->dinv),
                         "the graph", &to->dinv, err);
    return st;
}

static gnnac_status share_graph(struct gnnac_graph *g, bool backward,
                                gnnac_error *err)
{
    if (!g->cuda && !(g->cuda = calloc(1, sizeof(*g->cuda))))
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    gnnac_status st = upload_graph(g, BY_ROW, err);
    return st == GNNAC_OK && backward ? upload_graph(g, BY_SOURCE, err) : st;
}

void op_graph_cuda_free(struct gnnac_graph *g)
{
    if (!g->cuda)
        return;
    if (cuda_enter(g->ctx->cuda, NULL) == GNNAC_OK) {
        cuda_graph_finish(&g->cuda->by[BY_ROW]);
        cuda_graph_finish(&g->cuda->by[BY_SOURCE]);
        cuda_leave(g->ctx->cuda);
    }
    free(g->cuda);
    g->cuda = NULL;
}

// ---- create -----------------------------------------------------------------

static gnnac_status load_step(struct op_cuda *oc, const gnnac_bundle *b,
                              struct gnnac_graph *g, int32_t i, int32_t kernel,
                              gnnac_error *err)
{
    const struct step *s = &oc->p.steps[i];
    const struct kernel *k = &b->manifest->kernels[kernel];
    struct cuda_graph *on = &g->cuda->by[graph_of(s)];
    if (k->offset_bits <
        step_offset_bits(&oc->p, s, g->n_nodes, g->n_edges))
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "the graph is too large for the bundle's kernels: compile "
                    "them for it");
    gnnac_status st =
        cuda_kernel_from_bundle(oc->c, b, kernel, &oc->kernels[i], err);
    if (st == GNNAC_OK)
        st = cuda_graph_prepare(on, k, err);
    if (st != GNNAC_OK)
        return st;
    size_t bytes = cuda_graph_partial_bytes(on, k);
    if (bytes > oc->partial_bytes)
        oc->partial_bytes = bytes;
    return GNNAC_OK;
}

static gnnac_status load(struct op_cuda *oc, const gnnac_plan_options *o,
                         const struct operator_kernels *k,
                         struct gnnac_graph *g, gnnac_error *err)
{
    gnnac_status st = share_graph(g, o->backward, err);
    for (int32_t i = 0; i < oc->p.n_steps && st == GNNAC_OK; i++)
        st = load_step(oc, o->kernels, g, i, k->steps[i].kernel, err);
    if (st == GNNAC_OK)
        memcpy(oc->by, g->cuda->by, sizeof(oc->by));
    return st;
}

static gnnac_status load_locked(struct op_cuda *oc, const gnnac_plan_options *o,
                                const struct operator_kernels *k,
                                struct gnnac_graph *g, gnnac_error *err)
{
    pthread_mutex_lock(&g->lock);
    gnnac_status st = cuda_enter(oc->c, err);
    if (st == GNNAC_OK) {
        st = load(oc, o, k, g, err);
        cuda_leave(oc->c);
    }
    pthread_mutex_unlock(&g->lock);
    return st;
}

// Matrices of the workspace one behind the other, then partial sums.
static bool lay_out(struct op_cuda *oc, int64_t n_nodes, size_t *n_bytes)
{
    size_t at = 0, bytes;
    bool fits = true;
    for (int32_t i = OP_BUFFER_SCRATCH; i < N_OP_BUFFERS; i++) {
        oc->offset[i] = at;
        fits = fits &&
               size_mul((size_t)n_nodes,
                        (size_t)oc->p.buffers[i].pitch * sizeof(float),
                        &bytes) &&
               size_add(at, bytes, &at) && size_add(at, ALIGNMENT - 1, &at);
        at = at / ALIGNMENT * ALIGNMENT;
    }
    oc->partial_at = at;
    return fits && size_add(at, oc->partial_bytes, n_bytes);
}

gnnac_status op_cuda_create(const struct gnnac_plan *p, struct op_cuda **out,
                            size_t *n_bytes, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct operator_kernels *k;
    struct op_cuda *oc = calloc(1, sizeof(*oc));
    if (!oc)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    oc->c = p->g->ctx->cuda;
    TRY(look_up(&p->o, &k, err));
    TRY(operator_add(&p->o, 0, &oc->p, err));
    TRY(load_locked(oc, &p->o, k, p->g, err));
    if (!lay_out(oc, p->g->n_nodes, n_bytes)) {
        st = FAIL(err, GNNAC_ENOMEM, "the operator's matrices are too large");
        goto out;
    }
    *out = oc;
    oc = NULL;
out:
    op_cuda_destroy(oc);
    return st;
}

void op_cuda_destroy(struct op_cuda *oc)
{
    if (!oc)
        return;
    if (cuda_enter(oc->c, NULL) == GNNAC_OK) {
        for (int32_t i = 0; i < oc->p.n_steps; i++)
            cuda_kernel_unload(oc->c, &oc->kernels[i]);
        cuda_leave(oc->c);
    }
    free(oc);
}

// ---- execute ----------------------------------------------------------------

static cu_ptr address(const struct op_run *r, int32_t buffer)
{
    const void *const callers[OP_BUFFER_SCRATCH] = {
        [OP_BUFFER_X] = r->in->x,
        [OP_BUFFER_OUT] = r->out,
        [OP_BUFFER_OUT_GRAD] = r->out_grad,
        [OP_BUFFER_X_GRAD] = r->grads ? r->grads->x : NULL,
    };
    if (buffer < 0)
        return 0;
    return buffer < OP_BUFFER_SCRATCH
               ? (uintptr_t)callers[buffer]
               : (uintptr_t)r->rows + r->p->cuda->offset[buffer];
}

static gnnac_status run_step(const struct op_run *r, int32_t i,
                             cu_stream stream, gnnac_error *err)
{
    const struct op_cuda *oc = r->p->cuda;
    const struct step *s = &oc->p.steps[i];
    const struct operands o = {
        .out = address(r, s->out),
        .x = address(r, s->x),
        .self = address(r, s->self),
        .partial = (uintptr_t)r->rows + oc->partial_at,
    };
    return cuda_kernel_launch(&oc->by[graph_of(s)], &oc->kernels[i], &o, stream,
                              err);
}

static gnnac_status run(const struct op_run *r, bool backward, cu_stream stream,
                        gnnac_error *err)
{
    const struct op_cuda *oc = r->p->cuda;
    if (r->p->g->n_nodes == 0)
        return GNNAC_OK;
    gnnac_status st = cuda_enter(oc->c, err);
    if (st != GNNAC_OK)
        return st;
    for (int32_t i = 0; i < oc->p.n_steps && st == GNNAC_OK; i++)
        if (operator_step_is_backward(&oc->p.steps[i]) == backward)
            st = run_step(r, i, stream, err);
    cuda_leave(oc->c);
    return st;
}

gnnac_status op_cuda_forward(const struct op_run *r, gnnac_stream stream,
                             gnnac_error *err)
{
    return run(r, false, stream, err);
}

gnnac_status op_cuda_backward(const struct op_run *r, gnnac_stream stream,
                              gnnac_error *err)
{
    return r->grads->x ? run(r, true, stream, err) : GNNAC_OK;
}
