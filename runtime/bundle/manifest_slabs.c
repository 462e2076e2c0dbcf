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

static gnnac_status check_step(const struct manifest *m,
                               const struct program *p, int32_t index,
                               gnnac_error *err)
{
    const struct step *s = &p->steps[index], *last = step_last(p, s);
    const struct kernel *k = s->kernel >= 0 ? &m->kernels[s->kernel] : NULL;
    int32_t x = slab_of(p, s->x), self = slab_of(p, s->self);
    int32_t out = slab_of(p, last->out);
    if (((x || self) && !(k && step_reads_slabs(s->kind))) ||
        (out && !(k && step_writes_slabs(last->kind))))
        return BAD_STEP(s, index, "knows matrices by rows alone");
    if (k && (k->x_slab != x || k->self_slab != self || k->out_slab != out))
        return BAD_STEP(s, index, "its kernel was made for other slabs");
    return GNNAC_OK;
}

gnnac_status manifest_check_program_slabs(const struct manifest *m,
                                          const struct program *p,
                                          gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    for (int32_t i = 0; i < p->n_steps && st == GNNAC_OK; i++)
        if (!p->steps[i].fused)
            st = check_step(m, p, i, err);
    return st;
}

gnnac_status manifest_check_slabs(const struct manifest *m, gnnac_error *err)
{
    if (m->training.rules[0] && program_has_slabs(&m->program))
        return FAIL(err, GNNAC_EFORMAT,
                    "manifest: training with a buffer that lies slab after "
                    "slab");
    return manifest_check_program_slabs(m, &m->program, err);
}
