#include "tune/assemble_parts.h"

#include <string.h>

gnnac_status manifest_add_kernel(struct manifest *m, const struct kernel *k,
                                 int32_t *out, gnnac_error *err)
{
    int32_t at = 0;
    while (at < m->n_kernels && strcmp(m->kernels[at].name, k->name) != 0)
        at++;
    if (at == MAX_KERNELS)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "the bundle needs more than %d kernels", MAX_KERNELS);
    if (at == m->n_kernels)
        m->kernels[m->n_kernels++] = *k;
    *out = at;
    return GNNAC_OK;
}

void backward_graph_finish(struct backward_graph *b)
{
    csr_finish(&b->full);
    csr_finish(&b->stored);
}

gnnac_status turn_round(const struct graph_input *g, struct backward_graph *out,
                        gnnac_error *err)
{
    gnnac_status st = csr_transpose(g->full, &out->full, err);
    if (st == GNNAC_OK && g->stored != g->full)
        st = csr_transpose(g->stored, &out->stored, err);
    out->input.full = &out->full;
    out->input.stored = g->stored != g->full ? &out->stored : &out->full;
    csr_fingerprint(&out->full, out->input.fingerprint);
    return st;
}
