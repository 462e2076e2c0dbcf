#include "tune/assemble_derived.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "plan/fuse.h"
#include "train/train_program.h"
#include "tune/assemble_parts.h"
#include "tune/subjects.h"

// Kernels for those steps of `p` that have none; they have them then.
static gnnac_status find_kernels(struct workbench *wb, struct program *p,
                                 struct graph_input *g, struct manifest *m,
                                 struct selection **out, gnnac_error *err)
{
    struct selection *s = *out = calloc(1, sizeof(*s));
    if (!s)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    gnnac_status st = select_kernels(wb, &m->model, p, g, s, err);
    for (int32_t i = 0; i < s->n_steps && st == GNNAC_OK; i++) {
        int32_t chosen = s->chosen[i];
        if (chosen >= 0 && !variant_is_blas(&s->variants[chosen]))
            st = manifest_add_kernel(m, &s->variants[chosen].kernel,
                                     &p->steps[i].kernel, err);
    }
    return st;
}

static void describe_derived(const struct program *p, const char *rules,
                             struct derived_kernels *out)
{
    strcpy(out->rules, rules);
    out->n_steps = p->n_steps;
    for (int32_t i = 0; i < p->n_steps; i++)
        out->steps[i].kernel = p->steps[i].kernel;
}

static void keep_choices(const struct selection *s, struct derived_kernels *out)
{
    for (int32_t i = 0; i < s->n_steps; i++)
        if (s->chosen[i] >= 0 && out->n_choices < MAX_FEATURE_STEPS)
            out->choices[out->n_choices++] = s->choices[i];
}

// Steps before the loss read the graph by rows.
static gnnac_status find_forward(struct workbench *wb, struct assembly *a,
                                 struct program *step, gnnac_error *err)
{
    int32_t n_steps = step->n_steps;
    step->n_steps = train_program_loss(step);
    gnnac_status st = find_kernels(wb, step, &a->graph, a->manifest,
                                   &a->forward_selection, err);
    step->n_steps = n_steps;
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
    if (!step) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    TRY(train_program_build(&m->program, step, err));
    if (!wb->request.no_fuse)
        program_fuse_dropout(step);
    TRY(find_forward(wb, a, step, err));
    if (a->forward_selection->report.n_timed > 0)
        subjects_remember(wb, &a->graph);
    TRY(turn_round(&a->graph, &b, err));
    TRY(find_kernels(wb, step, &b.input, m, &a->train_selection, err));
    if (a->train_selection->report.n_timed > 0)
        subjects_remember(wb, &b.input);
    describe_derived(step, TRAIN_RULES, &m->training);
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
    struct program *p = a->sparse_program = calloc(1, sizeof(*p));
    if (!p)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    program_read_sparse(&m->program, p);
    TRY(find_kernels(wb, p, &a->graph, m, &a->sparse_selection, err));
    describe_derived(p, SPARSE_RULES, &m->sparse);
    keep_choices(a->sparse_selection, &m->sparse);
out:
    return st;
}
