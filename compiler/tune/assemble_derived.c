#include "tune/assemble_derived.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "train/train_program.h"
#include "tune/assemble_parts.h"
#include "tune/subjects.h"

static gnnac_status describe_derived(const struct selection *s,
                                     const struct program *p,
                                     const char *rules, struct manifest *m,
                                     struct derived_kernels *out,
                                     gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    strcpy(out->rules, rules);
    out->n_steps = p->n_steps;
    for (int32_t i = 0; i < p->n_steps && st == GNNAC_OK; i++) {
        out->steps[i].kernel = -1;
        int32_t chosen = s->chosen[i];
        if (chosen >= 0 && !variant_is_blas(&s->variants[chosen]))
            st = manifest_add_kernel(m, &s->variants[chosen].kernel,
                                     &out->steps[i].kernel, err);
    }
    return st;
}

// What else reads edges sums over the graph turned round.
gnnac_status assemble_training(struct workbench *wb, struct assembly *a,
                               gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct manifest *m = a->manifest;
    struct backward_graph b = {.full = {0}};
    struct program *step = calloc(1, sizeof(*step));
    a->train_selection = calloc(1, sizeof(*a->train_selection));
    if (!step || !a->train_selection) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    TRY(train_program_build(&m->program, step, err));
    TRY(turn_round(&a->graph, &b, err));
    TRY(select_kernels(wb, &m->model, step, &b.input, a->train_selection, err));
    if (a->train_selection->report.n_timed > 0)
        subjects_remember(wb, &b.input);
    TRY(describe_derived(a->train_selection, step, TRAIN_RULES, m,
                         &m->training, err));
out:
    backward_graph_finish(&b);
    free(step);
    return st;
}

gnnac_status assemble_sparse(struct workbench *wb, struct assembly *a,
                             gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct manifest *m = a->manifest;
    const char *dense = program_needs_dense(&m->program);
    if (dense) {
        log_warn("--sparse: %s: there is nothing to add", dense);
        return GNNAC_OK;
    }
    struct program *p = calloc(1, sizeof(*p));
    a->sparse_selection = calloc(1, sizeof(*a->sparse_selection));
    if (!p || !a->sparse_selection) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    program_read_sparse(&m->program, p);
    TRY(select_kernels(wb, &m->model, p, &a->graph, a->sparse_selection, err));
    TRY(describe_derived(a->sparse_selection, p, SPARSE_RULES, m, &m->sparse,
                         err));
out:
    free(p);
    return st;
}
