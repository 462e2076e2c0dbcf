#include "tune/assemble_whole.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "plan/whole.h"
#include "tune/assemble_parts.h"

static gnnac_status describe(struct assembly *a, gnnac_error *err)
{
    const struct selection *s = a->whole_selection;
    int32_t step = a->whole_program->n_steps - 1;
    const struct choice *c = &s->choices[step];
    struct whole_model *w = &a->manifest->whole;
    snprintf(w->rule, sizeof(w->rule), "%s", c->rule);
    snprintf(w->why, sizeof(w->why), "%s", c->why);
    snprintf(w->where, sizeof(w->where), "%s", c->where);
    snprintf(w->level, sizeof(w->level), "%s", c->level);
    snprintf(w->knobs, sizeof(w->knobs), "%s", c->knobs);
    w->median_ns = w->steps_ns = NAN;
    return manifest_add_kernel(a->manifest,
                               &s->variants[s->chosen[step]].kernel,
                               &w->kernel, err);
}

// Graphs for which that is not so are not small.
static bool fits_32_bits(const struct assembly *a)
{
    return program_offset_bits(&a->manifest->program, a->full.n_nodes,
                               a->graph.stored->n_edges) == 32;
}

gnnac_status assemble_whole(struct workbench *wb, struct assembly *a,
                            gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct manifest *m = a->manifest;
    a->whole_program = calloc(1, sizeof(*a->whole_program));
    a->whole_selection = calloc(1, sizeof(*a->whole_selection));
    if (!a->whole_program || !a->whole_selection)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    if (a->order.perm || !fits_32_bits(a) ||
        !whole_program(&m->program, a->whole_program)) {
        a->whole_program->n_steps = 0;
        log_info("no kernel runs all of this model's steps");
        return GNNAC_OK;
    }
    TRY(select_kernels(wb, &m->model, a->whole_program, &a->graph,
                       a->whole_selection, err));
    TRY(describe(a, err));
out:
    return st;
}
