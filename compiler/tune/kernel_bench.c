#include "tune/kernel_bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "plan/lower.h"
#include "tune/roof.h"

double gather_rate(const struct kernel_bench *b, const struct csr *g, double ns)
{
    return (double)g->n_edges * b->dim * sizeof(float) / (ns * 1e-9);
}

double cusparse_best(const struct kernel_bench *b)
{
    double best = NAN;
    for (size_t i = 0; i < N_CUSPARSE_WAYS && !b->no_cusparse[0]; i++)
        best = fmin(best, b->cusparse[i].time.median_ns); // skips NaN
    return best;
}

// A network of one sum and nothing else. Rows lie as between layers.
static void bare_sum(int32_t dim, int32_t pitch, struct model *m,
                     struct program *p)
{
    *m = (struct model){.name = "sum", .n_layers = 1};
    m->layers[0] =
        (struct layer){.op = CONV_GIN, .in_dim = dim, .out_dim = dim, .mlp = 1};
    *p = (struct program){.n_buffers = 2, .n_steps = 1};
    p->buffers[0] = p->buffers[1] = (struct buffer){dim, pitch, DTYPE_F32};
    p->steps[0] = (struct step){.kind = STEP_AGGREGATE,
                                .x = 0,
                                .out = 1,
                                .self = -1,
                                .weight = -1,
                                .bias = -1,
                                .eps = -1,
                                .norm = NORM_NONE,
                                .self_term = SELF_NONE,
                                .kernel = -1};
}

static gnnac_status time_ours(struct workbench *wb, const struct csr *g,
                              const struct model *m, struct program *p,
                              struct kernel_bench *b, gnnac_error *err)
{
    struct tunedb *db = wb->db;
    struct graph_input input = {.full = g, .stored = g};
    csr_fingerprint(g, input.fingerprint);
    wb->db = NULL; // neither recalled nor, of a network that is none, kept
    gnnac_status st = select_kernels(wb, m, p, &input, &b->selection, err);
    wb->db = db;
    return st;
}

static gnnac_status find_roof(struct workbench *wb, const struct csr *g,
                              struct kernel_bench *b, gnnac_error *err)
{
    gnnac_error mine = {{0}};
    gnnac_status st =
        gather_roof(wb, g->n_nodes, b->dim, b->pitch, &b->roof, &mine);
    if (st == GNNAC_OK)
        return st;
    b->roof = NAN;
    if (st != GNNAC_ENOMEM)
        return FAIL(err, st, "%s", mine.msg);
    log_warn("no roof: %s", mine.msg);
    return GNNAC_OK;
}

// The vendor's library is not ours to insist on.
static gnnac_status time_theirs(struct workbench *wb, const struct csr *g,
                                struct program *p, struct kernel_bench *b,
                                gnnac_error *err)
{
    gnnac_error mine = {{0}};
    const struct kernel_spec spec = {
        .dim = b->dim,
        .x_pitch = b->pitch,
        .out_pitch = b->pitch,
        .offset_bits =
            step_offset_bits(p, &p->steps[0], g->n_nodes, g->n_edges)};
    gnnac_status st = cusparse_time(wb->cuda, g, &spec,
                                    wb->request.cold, b->cusparse, &mine);
    if (st == GNNAC_OK)
        return st;
    if (st == GNNAC_EDRIVER)
        return FAIL(err, st, "%s", mine.msg);
    snprintf(b->no_cusparse, sizeof(b->no_cusparse), "%.500s", mine.msg);
    return GNNAC_OK;
}

gnnac_status kernel_bench_run(struct workbench *wb, const struct csr *g,
                              int32_t dim, struct kernel_bench *out,
                              gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct model *m = calloc(1, sizeof(*m));
    struct program *p = calloc(1, sizeof(*p));
    *out = (struct kernel_bench){.dim = dim, .pitch = padded_pitch(dim)};
    if (!m || !p) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    bare_sum(dim, out->pitch, m, p);
    TRY(find_roof(wb, g, out, err));
    TRY(time_ours(wb, g, m, p, out, err));
    TRY(time_theirs(wb, g, p, out, err));
out:
    free(m);
    free(p);
    return st;
}

void kernel_bench_finish(struct kernel_bench *b)
{
    selection_finish(&b->selection);
}
