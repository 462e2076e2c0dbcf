#include "tune/assemble_operators.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tune/assemble_parts.h"
#include "tune/subjects.h"

// ---- which ------------------------------------------------------------------

static gnnac_status read_operator(const char *text, size_t n,
                                  struct operators *to, gnnac_error *err)
{
    char key[2 * OPERATOR_KEY_LEN];
    gnnac_plan_options o;
    if (to->n_list == MAX_OPERATORS)
        return FAIL(err, GNNAC_EUSAGE, "--ops: more than %d operators",
                    (int)MAX_OPERATORS);
    snprintf(key, sizeof(key), "%.*s", (int)n, text);
    gnnac_status st = operator_from_key(key, &o, err);
    if (st != GNNAC_OK)
        return st;
    st = operator_key(&o, to->list[to->n_list].key, err);
    if (st != GNNAC_OK)
        return st;
    for (int32_t i = 0; i < to->n_list; i++)
        if (strcmp(to->list[i].key, to->list[to->n_list].key) == 0)
            return FAIL(err, GNNAC_EUSAGE, "--ops: %s is there twice",
                        to->list[i].key);
    to->n_list++;
    return GNNAC_OK;
}

gnnac_status operators_read(const char *list, struct manifest *m,
                            gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    strcpy(m->model.name, OPERATORS_MODEL);
    strcpy(m->operators.rules, OPERATOR_RULES);
    for (const char *at = list; at && st == GNNAC_OK;) {
        size_t n = strcspn(at, ",");
        st = read_operator(at, n, &m->operators, err);
        at = at[n] ? at + n + 1 : NULL;
    }
    return st;
}

// ---- as a program -----------------------------------------------------------

// Rules see operators as layers of the network that has them.
static struct layer layer_like(const gnnac_plan_options *o)
{
    static const enum conv_op reduces[] = {[GNNAC_SUM] = CONV_GIN,
                                           [GNNAC_MEAN] = CONV_SAGE,
                                           [GNNAC_GCN] = CONV_GCN,
                                           [GNNAC_MAX] = CONV_SAGE,
                                           [GNNAC_MIN] = CONV_SAGE};
    bool attends = o->op == GNNAC_ATTENTION;
    return (struct layer){.op = attends ? CONV_GAT : reduces[o->reduce],
                          .in_dim = o->dim,
                          .out_dim = o->dim,
                          .heads = attends ? o->heads : 0};
}

static gnnac_status lower(const struct operators *of,
                          struct lowered_operators *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    gnnac_plan_options o;
    strcpy(out->like.name, OPERATORS_MODEL);
    for (int32_t i = 0; i < of->n_list; i++) {
        TRY(operator_from_key(of->list[i].key, &o, err));
        TRY(operator_add(&o, i, &out->p, err));
        out->like.layers[out->like.n_layers++] = layer_like(&o);
    }
out:
    return st;
}

// ---- kernels ----------------------------------------------------------------

// Of the steps over one form of the graph; the others count as answered.
static gnnac_status select_half(struct workbench *wb,
                                struct lowered_operators *l,
                                bool transposed, struct graph_input *g,
                                struct selection *out, gnnac_error *err)
{
    struct program *half = &l->halves[transposed];
    *half = l->p;
    for (int32_t i = 0; i < l->p.n_steps; i++)
        if (l->p.steps[i].transposed != transposed)
            half->steps[i].kernel = 0;
    gnnac_status st = select_kernels(wb, &l->like, half, g, out, err);
    if (st == GNNAC_OK && out->report.n_timed > 0)
        subjects_remember(wb, g);
    return st;
}

static gnnac_status select_both(struct workbench *wb,
                                struct lowered_operators *l,
                                struct assembly *a, gnnac_error *err)
{
    struct backward_graph b = {.full = {0}};
    gnnac_status st = GNNAC_OK;
    TRY(select_half(wb, l, false, &a->graph, a->selection, err));
    TRY(turn_round(&a->graph, &b, err));
    TRY(select_half(wb, l, true, &b.input, a->train_selection, err));
    l->turned = b.input;
    l->turned.full = l->turned.stored = &a->full; // of as many nodes and edges
out:
    backward_graph_finish(&b);
    return st;
}

static gnnac_status describe(const struct assembly *a, const struct program *p,
                             struct manifest *m, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    for (int32_t i = 0; i < p->n_steps && st == GNNAC_OK; i++) {
        const struct step *s = &p->steps[i];
        const struct selection *sel =
            s->transposed ? a->train_selection : a->selection;
        struct operator_kernels *o = &m->operators.list[s->layer];
        o->choices[o->n_choices] = sel->choices[i];
        o->choices[o->n_choices++].step = o->n_steps;
        st = manifest_add_kernel(m, &sel->variants[sel->chosen[i]].kernel,
                                 &o->steps[o->n_steps++].kernel, err);
    }
    return st;
}

gnnac_status assemble_operators(struct workbench *wb, struct assembly *a,
                                gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct lowered_operators *l = calloc(1, sizeof(*l));
    a->train_selection = calloc(1, sizeof(*a->train_selection));
    if (!l || !a->train_selection) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    a->lowered = l;
    a->graph.full = a->graph.stored = &a->full;
    TRY(lower(&a->manifest->operators, l, err));
    TRY(select_both(wb, l, a, err));
    TRY(describe(a, &l->p, a->manifest, err));
out:
    if (a->lowered != l)
        free(l);
    return st;
}
