// That what lies slab after slab is written and read by kernels that were made
// for these slabs: nothing else finds its elements.
#include "bundle/manifest.h"

#define BAD_STEP(s, i, what)                                           \
    FAIL(err, GNNAC_EFORMAT, "manifest: step %d (%s): " what, (int)(i), \
         step_kind_name((s)->kind))

static int32_t slab_of(const struct program *p, int32_t buffer)
{
    return buffer >= 0 ? p->buffers[buffer].slab : 0;
}

bool manifest_slabs_fit(const struct kernel *k, const struct program *p,
                        const struct step *s)
{
    return k->x_slab == slab_of(p, s->x) &&
           k->self_slab == slab_of(p, s->self) &&
           k->out_slab == slab_of(p, step_last(p, s)->out);
}

// Of a step with a kernel that has been checked, or by BLAS.
static gnnac_status check_step(const struct program *p, int32_t index,
                               gnnac_error *err)
{
    const struct step *s = &p->steps[index], *last = step_last(p, s);
    bool reads = s->kernel >= 0 && step_reads_slabs(s->kind);
    bool writes = s->kernel >= 0 && step_writes_slabs(last->kind);
    if ((!reads && (slab_of(p, s->x) || slab_of(p, s->self))) ||
        (!writes && slab_of(p, last->out)) ||
        (last != s && slab_of(p, last->self)))
        return BAD_STEP(s, index, "knows matrices by rows alone");
    return GNNAC_OK;
}

gnnac_status manifest_check_program_slabs(const struct program *p,
                                          gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    for (int32_t i = 0; i < p->n_steps && st == GNNAC_OK; i++)
        if (!p->steps[i].fused)
            st = check_step(p, i, err);
    return st;
}

gnnac_status manifest_check_slabs(const struct manifest *m, gnnac_error *err)
{
    if (m->training.rules[0] && program_has_slabs(&m->program))
        return FAIL(err, GNNAC_EFORMAT,
                    "manifest: training with a buffer that lies slab after "
                    "slab");
    return manifest_check_program_slabs(&m->program, err);
}
