#include "ops/op_cuda.h"

#include <stdlib.h>
#include <string.h>

#include "bundle/train_state.h"
#include "checked.h"
#include "cuda/cuda_kernel.h"

enum { ALIGNMENT = 256 };

enum { BY_ROW, BY_SOURCE, N_FORMS };

// A graph in one of its forms, and which of the caller's edges are its edges.
struct op_form {
    struct cuda_graph graph;
    cu_ptr edge_of; // 0 until a kernel asks
};

// A graph's arrays on the GPU, shared by its plans: by rows, and by sources
// once a plan goes backward.
struct op_graph_cuda {
    struct op_form by[N_FORMS];
    cu_ptr state; // of attention that drops nothing: a train_state of zeros; or
                  // 0
};

struct op_cuda {
    const struct cuda_context *c;
    struct program p;
    // As the graph's were when all was there: others may add to those.
    struct op_graph_cuda on;
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
    struct cuda_graph *to = &g->cuda->by[which].graph;
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

// Rows that came sorted have no numbers of their own.
static gnnac_status upload_numbers(struct gnnac_graph *g, int which,
                                   gnnac_error *err)
{
    const int64_t *number = which == BY_ROW ? g->edge : g->source_edge;
    int64_t *own = NULL;
    if (!number) {
        if (!(own = alloc_array(g->n_edges, sizeof(*own))))
            return FAIL(err, GNNAC_ENOMEM, "out of memory");
        for (int64_t e = 0; e < g->n_edges; e++)
            own[e] = e;
        number = own;
    }
    gnnac_status st = cuda_upload(
        g->ctx->cuda, number, (size_t)g->n_edges * sizeof(*number),
        "the graph", &g->cuda->by[which].edge_of, err);
    free(own);
    return st;
}

// What the kernel needs of the graph besides its edges.
static gnnac_status share_rest(struct gnnac_graph *g, int which,
                               const struct kernel *k, gnnac_error *err)
{
    static const struct train_state nothing_drops;
    gnnac_status st = GNNAC_OK;
    if (!g->cuda->by[which].edge_of && kernel_takes(k, ARG_EDGE_OF))
        TRY(upload_numbers(g, which, err));
    if (!g->cuda->state && kernel_takes(k, ARG_STATE))
        TRY(cuda_upload(g->ctx->cuda, &nothing_drops, sizeof(nothing_drops),
                        "the graph", &g->cuda->state, err));
    st = cuda_graph_prepare(&g->cuda->by[which].graph, k, err);
out:
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
        for (int i = 0; i < N_FORMS; i++) {
            cuda_graph_finish(&g->cuda->by[i].graph);
            cuda_free(g->ctx->cuda, g->cuda->by[i].edge_of);
        }
        cuda_free(g->ctx->cuda, g->cuda->state);
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
    const struct cuda_graph *on = &g->cuda->by[graph_of(s)].graph;
    if (k->offset_bits <
        step_offset_bits(&oc->p, s, g->n_nodes, g->n_edges))
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "the graph is too large for the bundle's kernels: compile "
                    "them for it");
    gnnac_status st =
        cuda_kernel_from_bundle(oc->c, b, kernel, &oc->kernels[i], err);
    if (st == GNNAC_OK)
        st = share_rest(g, graph_of(s), k, err);
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
        oc->on = *g->cuda;
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
    size_t at = 0, bytes, heads = (size_t)oc->p.buffers[OP_BUFFER_KEPT].dim / 2;
    bool fits = true;
    for (int32_t i = OP_BUFFER_SCRATCH; i <= OP_BUFFER_KEPT; i++) {
        oc->offset[i] = at;
        fits = fits &&
               size_mul((size_t)n_nodes,
                        (size_t)oc->p.buffers[i].pitch * sizeof(float),
                        &bytes) &&
               size_add(at, bytes, &at) && size_add(at, ALIGNMENT - 1, &at);
        at = at / ALIGNMENT * ALIGNMENT;
    }
    size_t head_bytes = heads * sizeof(float);
    size_t kept = oc->offset[OP_BUFFER_KEPT];
    oc->offset[OP_BUFFER_KEPT_FOUND] = kept + ATTENTION_KEPT_FOUND * head_bytes;
    oc->offset[OP_BUFFER_KEPT_GRADS] = kept + ATTENTION_KEPT_GRADS * head_bytes;
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

// Of the caller's; NULL where it has none.
static const void *matrix_of(const struct op_run *r, int32_t buffer)
{
    static const gnnac_gradients none;
    const gnnac_gradients *to = r->grads ? r->grads : &none;
    const void *const all[OP_BUFFER_SCRATCH] = {
        [OP_BUFFER_X] = r->in->x,
        [OP_BUFFER_Y] = r->in->y,
        [OP_BUFFER_WEIGHT] = r->in->weight,
        [OP_BUFFER_OUT] = r->grads ? r->result : r->out,
        [OP_BUFFER_OUT_GRAD] = r->out_grad,
        [OP_BUFFER_X_GRAD] = to->x,
        [OP_BUFFER_Y_GRAD] = to->y,
        [OP_BUFFER_WEIGHT_GRAD] = to->weight,
        [OP_BUFFER_SAVED] = r->in->kept,
    };
    return all[buffer];
}

// The gradient of x that nobody wants takes the scratch's place.
static cu_ptr address(const struct op_run *r, int32_t buffer)
{
    if (buffer < 0)
        return 0;
    const void *matrix =
        buffer < OP_BUFFER_SCRATCH ? matrix_of(r, buffer) : NULL;
    if (buffer == OP_BUFFER_X_GRAD && !matrix)
        buffer = OP_BUFFER_SCRATCH;
    return buffer < OP_BUFFER_SCRATCH
               ? (uintptr_t)matrix
               : (uintptr_t)r->rows + r->p->cuda->offset[buffer];
}

// Backward leaves the caller's result alone.
static cu_ptr out_address(const struct op_run *r, int32_t buffer)
{
    return address(r, r->grads && buffer == OP_BUFFER_OUT ? OP_BUFFER_SCRATCH
                                                          : buffer);
}

// Values of edges; where there are no edges, any address.
static cu_ptr edge_address(const struct op_run *r, const struct op_form *form,
                           int32_t buffer)
{
    cu_ptr at = address(r, buffer);
    return at ? at : form->edge_of;
}

// The values of edges that have no part in the graph are 0.
static gnnac_status clear_dropped(const struct op_run *r, const struct step *s,
                                  cu_stream stream, gnnac_error *err)
{
    const struct gnnac_graph *g = r->p->g;
    if (s->kind != STEP_SDDMM || g->n_edges == g->n_given)
        return GNNAC_OK;
    int32_t heads = r->p->cuda->p.buffers[s->out].dim;
    return CU(r->p->cuda->c, cuMemsetD32Async,
              (address(r, s->out), 0, (size_t)g->n_given * (size_t)heads,
               stream),
              err);
}

static gnnac_status run_step(const struct op_run *r, int32_t i,
                             cu_stream stream, gnnac_error *err)
{
    const struct op_cuda *oc = r->p->cuda;
    const struct step *s = &oc->p.steps[i];
    const struct op_form *form = &oc->on.by[graph_of(s)];
    const struct operands o = {
        .out = out_address(r, s->out),
        .x = address(r, s->x),
        .self = address(r, s->self),
        .g = s->grad ? address(r, s->grad) : 0,
        .partial = (uintptr_t)r->rows + oc->partial_at,
        .edge_of = form->edge_of,
        .edge_values = s->edges ? edge_address(r, form, s->edges) : 0,
        .edge_out =
            s->kind == STEP_SDDMM ? edge_address(r, form, s->out) : 0,
        .state = oc->on.state,
        .early = true,
    };
    gnnac_status st = clear_dropped(r, s, stream, err);
    return st == GNNAC_OK ? cuda_kernel_launch(&form->graph, &oc->kernels[i],
                                               &o, stream, err)
                          : st;
}

// Whether backward has to take the step for the gradients that are wanted.
static bool is_wanted(const struct op_run *r, const struct step *s)
{
    switch (s->out) {
    case OP_BUFFER_WEIGHT_GRAD:
        return r->grads->weight;
    case OP_BUFFER_Y_GRAD:
        return r->grads->y;
    default: // attention finds both at once
        return r->grads->x ||
               (r->p->o.op == GNNAC_ATTENTION && r->grads->y);
    }
}

static gnnac_status run(const struct op_run *r, enum operator_run way,
                        cu_stream stream, gnnac_error *err)
{
    const struct op_cuda *oc = r->p->cuda;
    if (r->p->g->n_nodes == 0)
        return GNNAC_OK;
    gnnac_status st = cuda_enter(oc->c, err);
    if (st != GNNAC_OK)
        return st;
    for (int32_t i = 0; i < oc->p.n_steps && st == GNNAC_OK; i++) {
        const struct step *s = &oc->p.steps[i];
        if (operator_step_runs(s, way) && (!r->grads || is_wanted(r, s)))
            st = run_step(r, i, stream, err);
    }
    cuda_leave(oc->c);
    return st;
}

gnnac_status op_cuda_forward(const struct op_run *r, gnnac_stream stream,
                             gnnac_error *err)
{
    return run(r, r->in->kept ? OPERATOR_FORWARD_SAVING : OPERATOR_FORWARD,
               stream, err);
}

gnnac_status op_cuda_backward(const struct op_run *r, gnnac_stream stream,
                              gnnac_error *err)
{
    return run(r, r->in->kept ? OPERATOR_BACKWARD_SAVED : OPERATOR_BACKWARD,
               stream, err);
}
