// What a manifest says of operators on their own: each once, with a kernel that
// fits for every step.
#include <stdlib.h>
#include <string.h>

#include "bundle/manifest.h"

#define BAD(...) FAIL(err, GNNAC_EFORMAT, "manifest: " __VA_ARGS__)

static gnnac_status check_indices(const struct manifest *m, gnnac_error *err)
{
    const struct operators *o = &m->operators;
    for (int32_t i = 0; i < o->n_list; i++) {
        for (int32_t j = 0; j < i; j++)
            if (strcmp(o->list[i].key, o->list[j].key) == 0)
                return BAD("operators[%d] is there twice", (int)i);
        for (int32_t s = 0; s < o->list[i].n_steps; s++)
            if (o->list[i].steps[s].kernel < 0 ||
                o->list[i].steps[s].kernel >= m->n_kernels)
                return BAD("operators[%d]: a kernel is not there", (int)i);
        for (int32_t c = 0; c < o->list[i].n_choices; c++)
            if (o->list[i].choices[c].step >= o->list[i].n_steps)
                return BAD("operators[%d]: a choice is about a step that is "
                           "not there", (int)i);
    }
    return GNNAC_OK;
}

// A plan would not find another spelling.
static gnnac_status check_key(const char *key, int32_t i,
                              const gnnac_plan_options *o, gnnac_error *err)
{
    char shortest[OPERATOR_KEY_LEN];
    gnnac_status st = operator_key(o, shortest, err);
    if (st == GNNAC_OK && strcmp(shortest, key) != 0)
        return BAD("operators[%d]: %s is written %s", (int)i, key, shortest);
    return st;
}

// The steps that follow from the key run the kernels listed.
static gnnac_status check_steps(const struct manifest *m, int32_t i,
                                struct program *p, gnnac_error *err)
{
    const struct operator_kernels *o = &m->operators.list[i];
    gnnac_plan_options options;
    gnnac_error why = {{0}};
    p->n_buffers = p->n_steps = 0;
    gnnac_status st = operator_from_key(o->key, &options, &why);
    if (st != GNNAC_OK)
        return BAD("operators[%d]: %s", (int)i, why.msg);
    st = check_key(o->key, i, &options, err);
    if (st == GNNAC_OK)
        st = operator_add(&options, 0, p, err);
    if (st == GNNAC_OK && p->n_steps != o->n_steps)
        return BAD("operators[%d]: %d kernels, %s has %d steps", (int)i,
                   (int)o->n_steps, o->key, (int)p->n_steps);
    for (int32_t s = 0; s < p->n_steps && st == GNNAC_OK; s++) {
        p->steps[s].kernel = o->steps[s].kernel;
        st = manifest_check_step_kernel(m, p, s, err);
    }
    return st;
}

// Operators of other rules are listed, and refused when a plan asks for them.
gnnac_status manifest_check_operators(const struct manifest *m,
                                      gnnac_error *err)
{
    gnnac_status st = check_indices(m, err);
    if (st != GNNAC_OK || strcmp(m->operators.rules, OPERATOR_RULES) != 0)
        return st;
    struct program *p = calloc(1, sizeof(*p));
    if (!p)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    for (int32_t i = 0; i < m->operators.n_list && st == GNNAC_OK; i++)
        st = check_steps(m, i, p, err);
    free(p);
    return st;
}

gnnac_status manifest_check_no_model(const struct manifest *m, gnnac_error *err)
{
    const struct program *p = &m->program;
    if (!m->operators.rules[0])
        return BAD("neither a model nor operators");
    if (p->n_buffers || p->n_params || p->n_steps || m->training.rules[0] ||
        m->sparse.rules[0] || is_reordered(m))
        return BAD("a program without a model");
    return GNNAC_OK;
}
