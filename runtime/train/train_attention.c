// Attention in training: what forward keeps for backward, and the coefficients'
// dropout.
#include <stdlib.h>

#include "checked.h"
#include "cpu/cpu_grad.h"
#include "train/trainer.h"

enum { KEPT_PER_HEAD = 3 };

void train_attention_finish(struct train_attention *a)
{
    for (int32_t i = 0; i < MAX_STEPS; i++)
        free(a->softmax[i]);
    free(a->edge);
    *a = (struct train_attention){.edge = NULL};
}

// Of each entry of A^T the edge that it is, from where the edges went.
static gnnac_status number_edges(gnnac_trainer *t, gnnac_error *err)
{
    const struct gnnac_bundle *b = t->m->bundle;
    int64_t n_edges = b->rowptr[b->manifest->n_nodes];
    t->attention.edge = alloc_array(n_edges, sizeof(*t->attention.edge));
    if (!t->attention.edge)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for attention's edges");
    for (int64_t e = 0; e < n_edges; e++)
        t->attention.edge[t->graph.position[e]] = e;
    return GNNAC_OK;
}

gnnac_status train_attention_init(gnnac_trainer *t, gnnac_error *err)
{
    const struct program *p = trained_program(t);
    bool has_any = false;
    for (int32_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->steps[i];
        if (s->kind != STEP_ATTENTION && s->kind != STEP_ATTENTION_V2)
            continue;
        int64_t n = t->m->bundle->manifest->n_nodes * step_heads(p, s);
        has_any = true;
        t->attention.softmax[i] = alloc_array(n * KEPT_PER_HEAD, sizeof(float));
        if (!t->attention.softmax[i])
            return FAIL(err, GNNAC_ENOMEM, "out of memory for attention");
    }
    return has_any && t->o.attention_dropout > 0 ? number_edges(t, err)
                                                 : GNNAC_OK;
}

static struct view kept_softmax(const gnnac_trainer *t, const struct step *s)
{
    const struct program *p = trained_program(t);
    int32_t dim = KEPT_PER_HEAD * step_heads(p, s);
    return (struct view){t->attention.softmax[s - p->steps], dim, dim};
}

// Layers' inputs have the places from 0 on.
static struct dropout coefficient_dropout(const gnnac_trainer *t,
                                          const struct step *s)
{
    return dropout_of(t->o.attention_dropout, t->o.seed, t->n_steps,
                      MAX_LAYERS + s->layer);
}

void train_attention_forward(const gnnac_trainer *t, const struct cpu_run *r,
                             const struct step *s)
{
    struct dropout d = coefficient_dropout(t, s);
    struct attention_job job = cpu_attention_job(r, s);
    job.drop = t->attention.edge ? &d : NULL;
    job.softmax = kept_softmax(t, s);
    cpu_attention(&job, cpu_threads(t->m));
}

void train_attention_backward(const gnnac_trainer *t, const struct cpu_run *r,
                              const struct step *s, struct const_view g,
                              struct view grad_x, struct view grad_scores)
{
    struct dropout d = coefficient_dropout(t, s);
    const struct gnnac_bundle *b = t->m->bundle;
    const struct attention_grad_job job = {
        .n_rows = b->manifest->n_nodes,
        .rowptr = b->rowptr,
        .colidx = b->colidx,
        .by_source = {t->graph.rowptr, t->graph.colidx, t->attention.edge},
        .drop = t->attention.edge ? &d : NULL,
        .g = g,
        .x = cpu_input(r, s->x),
        .scores = cpu_input(r, s->self),
        .att = cpu_attention_job(r, s).att,
        .softmax = kept_softmax(t, s),
        .grad_x = grad_x,
        .grad_scores = grad_scores,
        .scratch = t->sums,
        .grad_att = s->weight < 0 ? NULL : t->grad.of[s->weight],
    };
    if (job.att.data)
        cpu_attention_v2_grad(&job, cpu_threads(t->m));
    else
        cpu_attention_grad(&job, cpu_threads(t->m));
}

void train_scores_backward(const gnnac_trainer *t, const struct cpu_run *r,
                           const struct step *s, struct const_view g,
                           struct view grad_x)
{
    int64_t n = t->m->bundle->manifest->n_nodes;
    int n_threads = cpu_threads(t->m);
    struct const_view x = cpu_input(r, s->x);
    for (int32_t k = 0; k < 2; k++) { // sources, then rows
        struct const_view half = {g.data + k * (g.dim / 2), g.pitch, g.dim / 2};
        cpu_head_sums(n, half, x, t->sums, t->grad.of[s->weight + k],
                      n_threads);
    }
    cpu_scores_grad(n, g, t->m->params[s->weight], t->m->params[s->weight + 1],
                    grad_x, n_threads);
}
