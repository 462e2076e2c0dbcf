// Programs that follow from the model's: of training, whose steps a trainer
// knows, and of sparse features.
#include <string.h>

#include "bundle/manifest.h"

#define BAD(...) FAIL(err, GNNAC_EFORMAT, "manifest: " __VA_ARGS__)

void manifest_read_sparse(const struct manifest *m, struct program *out)
{
    program_read_sparse(&m->program, out);
    for (int32_t i = 0; i < out->n_steps; i++)
        if (out->steps[i].kind == STEP_SPARSE_LINEAR)
            out->steps[i].kernel = m->sparse.steps[i].kernel;
}

static gnnac_status check_derived(const struct manifest *m,
                                  const struct derived_kernels *d,
                                  const char *name, gnnac_error *err)
{
    for (int32_t i = 0; i < d->n_steps; i++)
        if (d->steps[i].kernel >= m->n_kernels)
            return BAD("%s.steps[%d]: its kernel is not there", name, (int)i);
    for (int32_t i = 0; i < d->n_choices; i++)
        if (d->choices[i].step >= d->n_steps)
            return BAD("%s.choices[%d] is about a step that is not there", name,
                       (int)i);
    return GNNAC_OK;
}

// Of another version's rules nothing is known, and nothing is run.
static gnnac_status check_sparse(const struct manifest *m, gnnac_error *err)
{
    struct program p;
    if (strcmp(m->sparse.rules, SPARSE_RULES) != 0)
        return GNNAC_OK;
    if (!program_takes_sparse(&m->program))
        return BAD("sparse: the model's steps read no sparse features");
    if (m->sparse.n_steps != m->program.n_steps)
        return BAD("sparse: %d steps, the model has %d", (int)m->sparse.n_steps,
                   (int)m->program.n_steps);
    manifest_read_sparse(m, &p);
    for (int32_t i = 0; i < p.n_steps; i++) {
        gnnac_status st = p.steps[i].kind == STEP_SPARSE_LINEAR
                              ? manifest_check_step_kernel(m, &p, i, err)
                              : GNNAC_OK;
        if (st != GNNAC_OK)
            return st;
    }
    return manifest_check_program_slabs(&p, err);
}

gnnac_status manifest_check_derived(const struct manifest *m, gnnac_error *err)
{
    // A trainer keeps every step's result, but of those that work in place.
    for (int32_t i = 0; i < m->program.n_steps && m->training.rules[0]; i++)
        if (m->program.steps[i].fused &&
            m->program.steps[i].kind != STEP_BIAS_ACT)
            return BAD("training with the fused step %d", (int)i);
    gnnac_status st = check_derived(m, &m->training, "training", err);
    if (st == GNNAC_OK)
        st = check_derived(m, &m->sparse, "sparse", err);
    return st == GNNAC_OK ? check_sparse(m, err) : st;
}
