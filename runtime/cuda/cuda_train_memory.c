#include <stdlib.h>
#include <string.h>

#include "bundle/train_state.h"
#include "checked.h"
#include "cpu/cpu_dropout.h"
#include "cpu/cpu_grad.h"
#include "cuda/cuda_train.h"
#include "workspace.h"

enum { ALIGNMENT = 256, BUFFER_Y = 1 };

static int64_t n_nodes(const struct cuda_trainer *ct)
{
    return ct->t->m->bundle->manifest->n_nodes;
}

// ---- values and gradients ---------------------------------------------------

// Gradients whose lives do not overlap share bytes; values are all kept.
static gnnac_status plan_gradients(const struct cuda_trainer *ct,
                                   struct workspace_plan *plan,
                                   gnnac_error *err)
{
    int32_t first = train_program_loss(&ct->p);
    struct program *grads = malloc(sizeof(*grads));
    if (!grads)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    *grads = ct->p;
    grads->n_steps = ct->p.n_steps - first;
    memmove(grads->steps, grads->steps + first,
            (size_t)grads->n_steps * sizeof(grads->steps[0]));
    for (int32_t i = 0; i <= ct->dropped_x; i++)
        grads->buffers[i].pitch = 0;
    gnnac_status st = workspace_plan_build(grads, n_nodes(ct), true, plan, err);
    free(grads);
    return st;
}

static gnnac_status alloc_values(struct cuda_trainer *ct, gnnac_error *err)
{
    struct workspace_plan plan;
    size_t n_bytes = 0;
    gnnac_status st = plan_gradients(ct, &plan, err);
    if (st != GNNAC_OK)
        return st;
    // manifest_check made sure that the values fit.
    for (int32_t i = BUFFER_Y; i < ct->dropped_x; i++) {
        size_t n = (size_t)n_nodes(ct) * (size_t)ct->p.buffers[i].pitch *
                   sizeof(float);
        ct->offset[i] = n_bytes;
        n_bytes += (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    for (int32_t i = ct->dropped_x + 1; i < ct->p.n_buffers; i++)
        ct->offset[i] = n_bytes + plan.offset[i];
    if (!size_add(n_bytes, plan.n_bytes, &n_bytes))
        return FAIL(err, GNNAC_ENOMEM, "values and gradients are too large");
    return cuda_alloc(ct->c, n_bytes, "values and gradients", &ct->values, err);
}

// ---- features ---------------------------------------------------------------

static gnnac_status send_dense(struct cuda_trainer *ct, const float *x,
                               gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    size_t n_bytes =
        (size_t)n_nodes(ct) * (size_t)ct->p.buffers[0].pitch * sizeof(float);
    TRY(cuda_upload(ct->c, x, n_bytes, "the features", &ct->x, err));
    if (ct->t->o.dropout > 0)
        TRY(cuda_alloc_zeros(ct->c, n_bytes, ct->stream, "dropped features",
                             &ct->dropped, err));
out:
    return st;
}

static gnnac_status alloc_weight_t(struct cuda_trainer *ct, gnnac_error *err)
{
    size_t n_bytes = program_turned_bytes(trained_program(ct->t));
    return cuda_alloc(ct->c, n_bytes, "a weight turned round",
                      &ct->sparse.weight_t, err);
}

static gnnac_status send_values(struct cuda_trainer *ct,
                                const struct train_features *f, int64_t n,
                                gnnac_error *err)
{
    struct sparse_input *in = &ct->sparse;
    size_t n_bytes = (size_t)n * sizeof(float);
    gnnac_status st = cuda_upload(ct->c, f->form.rows.value, n_bytes,
                                  "the features", &in->row_values, err);
    if (st != GNNAC_OK)
        return st;
    cpu_scatter(n, f->form.rows.value, f->columns.position, f->by_column,
                cpu_threads(ct->t->m));
    return cuda_upload(ct->c, f->by_column, n_bytes, "the features",
                       &in->column_values, err);
}

// The graphs go on reading the host's arrays, so they are taken over.
static gnnac_status send_sparse(struct cuda_trainer *ct,
                                struct train_features *f, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct sparse_input *in = &ct->sparse;
    int64_t n_cols = ct->p.buffers[0].dim, n = f->form.rows.rowptr[n_nodes(ct)];
    TRY(send_values(ct, f, n, err));
    in->used = true;
    in->form = f->form;
    in->by_column = f->columns;
    f->form = (struct features){0};
    f->columns = (struct transposed){0};
    TRY(cuda_graph_init(ct->c, n_nodes(ct), n, in->form.rows.rowptr,
                        in->form.rows.colidx, ct->t->m->dinv, &in->rows, err));
    TRY(cuda_graph_init(ct->c, n_cols, n, in->by_column.rowptr,
                        in->by_column.colidx, NULL, &in->columns, err));
    TRY(alloc_weight_t(ct, err));
out:
    return st;
}

static gnnac_status send_features(struct cuda_trainer *ct,
                                  const gnnac_features *given, gnnac_error *err)
{
    struct train_features f = {.dropped = NULL};
    gnnac_status st = train_features_init(given, ct->t->m, false, &f, err);
    if (st == GNNAC_OK)
        st = f.form.sparse ? send_sparse(ct, &f, err)
                           : send_dense(ct, f.form.dense, err);
    train_features_finish(&f);
    return st;
}

static void free_sparse(const struct cuda_context *c, struct sparse_input *in)
{
    cuda_graph_finish(&in->rows);
    cuda_graph_finish(&in->columns);
    features_finish(&in->form);
    transposed_finish(&in->by_column);
    cuda_free(c, in->row_values);
    cuda_free(c, in->column_values);
    cuda_free(c, in->weight_t);
}

// ---- attention's edges ------------------------------------------------------

static bool attends(const struct program *p)
{
    for (int32_t i = 0; i < p->n_steps; i++)
        if (p->steps[i].kind == STEP_ATTENTION_KEEP ||
            p->steps[i].kind == STEP_ATTENTION_V2_KEEP)
            return true;
    return false;
}

// By its number an edge's coefficients are drawn alike in both directions.
static gnnac_status send_edges(struct cuda_trainer *ct, gnnac_error *err)
{
    int64_t *edge_of = NULL;
    int64_t n = ct->transposed.n_edges;
    if (!attends(&ct->p))
        return GNNAC_OK;
    if (!(edge_of = calloc_array(n + 1, sizeof(*edge_of))))
        return FAIL(err, GNNAC_ENOMEM, "out of memory for attention's edges");
    for (int64_t e = 0; e < n && ct->t->graph.position; e++)
        edge_of[ct->t->graph.position[e]] = e; // else nothing is dropped
    gnnac_status st =
        cuda_upload(ct->c, edge_of, (size_t)(n + 1) * sizeof(*edge_of),
                    "attention's edges", &ct->edge_of, err);
    free(edge_of);
    return st;
}

// ---- parameters -------------------------------------------------------------

static gnnac_status send_treatment(struct cuda_trainer *ct, gnnac_error *err)
{
    const struct param_layout *l = &ct->cm->layout;
    int64_t n = l->n_floats / TREATED_TOGETHER;
    int32_t *treatment = calloc_array(n, sizeof(*treatment));
    if (!treatment)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    for (int32_t i = 0; i < ct->p.n_params; i++) {
        int64_t end = i + 1 < ct->p.n_params ? l->offset[i + 1] : l->n_floats;
        int how = !train_updates(ct->t, i) ? TREAT_LEAVE
                  : train_decays(ct->t, i) ? TREAT_DECAY
                                           : TREAT_UPDATE;
        for (int64_t k = l->offset[i]; k < end; k += TREATED_TOGETHER)
            treatment[k / TREATED_TOGETHER] = how;
    }
    gnnac_status st =
        cuda_upload(ct->c, treatment, (size_t)n * sizeof(*treatment),
                    "the optimiser", &ct->treatment, err);
    free(treatment);
    return st;
}

static gnnac_status alloc_arrays(struct cuda_trainer *ct, gnnac_error *err)
{
    size_t n_bytes = (size_t)ct->cm->layout.n_floats * sizeof(float);
    for (int i = 0; i < N_ARRAYS; i++) {
        gnnac_status st = cuda_alloc_zeros(
            ct->c, n_bytes, ct->stream, "the optimiser", &ct->arrays[i], err);
        if (st != GNNAC_OK)
            return st;
    }
    return send_treatment(ct, err);
}

static struct train_state state_of(const gnnac_trainer *t)
{
    const gnnac_train_options *o = &t->o;
    const struct dropout drop = dropout_of(o->dropout, 0, 0, 0);
    const struct dropout attention = dropout_of(o->attention_dropout, 0, 0, 0);
    bool sgd = o->optimizer == GNNAC_SGD, apart = o->optimizer == GNNAC_ADAMW;
    return (struct train_state){
        .seed = o->seed,
        .step = t->n_steps,
        .drop_threshold = drop.threshold,
        .drop_scale = drop.scale,
        .attention_threshold = attention.threshold,
        .attention_scale = attention.scale,
        .is_sgd = sgd,
        .lr = o->lr,
        .decay = apart ? 0 : o->weight_decay,
        .shrink = apart ? 1 - o->lr * o->weight_decay : 1,
        .beta1 = sgd ? o->momentum : o->beta1,
        .beta2 = o->beta2,
        .epsilon = o->epsilon,
    };
}

gnnac_status cuda_train_send_state(struct cuda_trainer *ct, gnnac_error *err)
{
    const struct train_state s = state_of(ct->t);
    gnnac_status st = CU(ct->c, cuStreamSynchronize, (ct->stream), err);
    return st == GNNAC_OK ? cuda_copy_in(ct->c, ct->state, &s, sizeof(s), err)
                          : st;
}

// ---- targets ----------------------------------------------------------------

// No node is in the loss.
static void forget(struct seen_targets *s, int64_t n_rows)
{
    for (int64_t i = 0; i < n_rows * s->words; i++)
        s->label[i] = -1;
    for (int64_t v = 0; v < n_rows; v++)
        s->share[v] = 0;
}

static const int32_t *labels_of(const struct seen_targets *s,
                                const struct targets *at, int64_t node)
{
    return at->labels + node * s->per_row;
}

static size_t row_bytes(const struct seen_targets *s)
{
    return (size_t)s->per_row * sizeof(int32_t);
}

bool cuda_train_has_targets(const struct cuda_trainer *ct,
                            const struct targets *at)
{
    const struct seen_targets *s = &ct->seen;
    size_t n_bytes = (size_t)at->n * sizeof(*at->nodes);
    if (s->n != at->n || memcmp(s->nodes, at->nodes, n_bytes) != 0)
        return false;
    for (int64_t i = 0; i < at->n; i++)
        if (memcmp(s->labels + i * s->per_row, labels_of(s, at, at->nodes[i]),
                   row_bytes(s)) != 0)
            return false;
    return true;
}

// A node's class as it is, or a bit for each of its classes.
static void pack(const struct seen_targets *s, const int32_t *labels,
                 bool binary, int32_t *out)
{
    if (!binary) {
        out[0] = labels[0];
        return;
    }
    memset(out, 0, (size_t)s->words * sizeof(*out));
    for (int32_t c = 0; c < s->per_row; c++)
        out[c / 32] |= (int32_t)((uint32_t)labels[c] << c % 32);
}

static void see(struct seen_targets *s, const struct targets *at,
                int64_t n_rows, bool binary)
{
    float share = 1 / (float)at->n;
    s->n = at->n <= n_rows ? at->n : -1;
    forget(s, n_rows);
    for (int64_t i = 0; i < at->n; i++) {
        int32_t v = at->nodes[i];
        pack(s, labels_of(s, at, v), binary, s->label + (int64_t)v * s->words);
        s->share[v] += share; // a node may be there twice
        if (s->n < 0)
            continue;
        s->nodes[i] = v;
        memcpy(s->labels + i * s->per_row, labels_of(s, at, v), row_bytes(s));
    }
}

gnnac_status cuda_train_send_targets(struct cuda_trainer *ct,
                                     const struct targets *at, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct seen_targets *s = &ct->seen;
    size_t n_rows = (size_t)n_nodes(ct);
    if (at->known)
        return GNNAC_OK;
    see(s, at, n_nodes(ct), ct->t->o.loss == GNNAC_BCE);
    TRY(CU(ct->c, cuStreamSynchronize, (ct->stream), err));
    TRY(cuda_copy_in(ct->c, ct->label, s->label,
                     n_rows * (size_t)s->words * sizeof(int32_t), err));
    TRY(cuda_copy_in(ct->c, ct->share, s->share, n_rows * sizeof(float), err));
out:
    s->n = st == GNNAC_OK ? s->n : -1;
    return st;
}

// Until the first targets come there are none.
static gnnac_status alloc_targets(struct cuda_trainer *ct, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct seen_targets *s = &ct->seen;
    int64_t n = n_nodes(ct);
    int32_t dim = ct->p.buffers[BUFFER_Y].dim;
    bool binary = ct->t->o.loss == GNNAC_BCE;
    *s = (struct seen_targets){.n = -1,
                               .per_row = binary ? dim : 1,
                               .words = binary ? (dim + 31) / 32 : 1};
    s->nodes = alloc_array(n, sizeof(int32_t));
    s->labels = alloc_array(n, row_bytes(s));
    s->label = alloc_array(n, (size_t)s->words * sizeof(int32_t));
    s->share = alloc_array(n, sizeof(float));
    if (!s->nodes || !s->labels || !s->label || !s->share)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for labels");
    forget(s, n);
    TRY(cuda_upload(ct->c, s->label,
                    (size_t)n * (size_t)s->words * sizeof(int32_t), "labels",
                    &ct->label, err));
    TRY(cuda_upload(ct->c, s->share, (size_t)n * sizeof(float), "labels",
                    &ct->share, err));
out:
    return st;
}

// ---- all --------------------------------------------------------------------

gnnac_status cuda_train_alloc(struct cuda_trainer *ct, const gnnac_features *x,
                              gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct transposed *g = &ct->t->graph;
    const struct manifest *m = ct->t->m->bundle->manifest;
    TRY(CU(ct->c, cuStreamCreate, (&ct->stream, CU_STREAM_NON_BLOCKING), err));
    TRY(cuda_blas_open(ct->c, ct->t->m->math, &ct->blas, err));
    TRY(cuda_graph_init(ct->c, m->n_nodes, m->n_stored_edges, g->rowptr,
                        g->colidx, ct->t->m->dinv, &ct->transposed, err));
    TRY(send_features(ct, x, err));
    TRY(send_edges(ct, err));
    TRY(alloc_values(ct, err));
    TRY(alloc_arrays(ct, err));
    TRY(alloc_targets(ct, err));
    TRY(cuda_alloc(ct->c, sizeof(struct train_state), "the optimiser",
                   &ct->state, err));
    TRY(cuda_train_send_state(ct, err));
out:
    return st;
}

void cuda_train_free(struct cuda_trainer *ct)
{
    const struct cuda_context *c = ct->c;
    const cu_ptr all[] = {ct->values,    ct->x,       ct->dropped,
                          ct->treatment, ct->state,   ct->scratch,
                          ct->partial,   ct->label,   ct->share,
                          ct->edge_of};
    if (ct->step)
        c->cu.cuGraphExecDestroy(ct->step);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        cuda_free(c, all[i]);
    for (int i = 0; i < N_ARRAYS; i++)
        cuda_free(c, ct->arrays[i]);
    free_sparse(c, &ct->sparse);
    cuda_graph_finish(&ct->transposed);
    cuda_blas_close(&ct->blas);
    if (ct->stream)
        c->cu.cuStreamDestroy_v2(ct->stream);
    free(ct->seen.nodes);
    free(ct->seen.labels);
    free(ct->seen.label);
    free(ct->seen.share);
}
