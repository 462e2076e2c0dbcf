#include "tune/kernel_bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "checked.h"
#include "plan/lower.h"
#include "plan/slabs.h"
#include "tune/roof.h"

double gather_rate(const struct kernel_bench *b, const struct csr *g, double ns)
{
    return (double)g->n_edges * b->dim * (double)dtype_bytes(b->dtype) /
           (ns * 1e-9);
}

double cusparse_best(const struct kernel_bench *b)
{
    double best = NAN;
    for (size_t i = 0; i < N_CUSPARSE_WAYS && !b->no_cusparse[0]; i++)
        best = fmin(best, b->cusparse[i].time.median_ns); // skips NaN
    return best;
}

// A network of one sum and nothing else. Rows lie as between layers, those of x
// in slabs of so many bytes where they are wider than that.
static void bare_sum(int32_t dim, enum dtype dtype, int32_t slab_bytes,
                     struct model *m, struct program *p)
{
    *m = (struct model){.name = "sum", .n_layers = 1};
    m->layers[0] =
        (struct layer){.op = CONV_GIN, .in_dim = dim, .out_dim = dim, .mlp = 1};
    *p = (struct program){.n_buffers = 2, .n_steps = 1};
    p->buffers[0] = p->buffers[1] = padded_buffer(dim, dtype);
    p->buffers[0] = slab_buffer(&p->buffers[0], slab_bytes);
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
                              struct selection *out, gnnac_error *err)
{
    struct tunedb *db = wb->db;
    struct graph_input input = {.full = g, .stored = g};
    csr_fingerprint(g, input.fingerprint);
    wb->db = NULL; // neither recalled nor, of a network that is none, kept
    gnnac_status st = select_kernels(wb, m, p, &input, out, err);
    wb->db = db;
    return st;
}

gnnac_status kernel_bench_sum(struct workbench *wb, const struct csr *g,
                              int32_t dim, struct selection *out,
                              gnnac_error *err)
{
    struct model *m = calloc(1, sizeof(*m));
    struct program *p = calloc(1, sizeof(*p));
    gnnac_status st = GNNAC_OK;
    if (!m || !p) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    bare_sum(dim, DTYPE_F32, wb->request.slab_bytes, m, p);
    TRY(time_ours(wb, g, m, p, out, err));
out:
    free(m);
    free(p);
    return st;
}

static struct variant_time fastest(const struct selection *s)
{
    struct variant_time best = {.ns = NAN};
    for (size_t i = 0; i < s->n_variants; i++) {
        const struct variant *v = &s->variants[i];
        if (isnan(v->median_ns) || v->median_ns >= best.ns)
            continue;
        best.ns = v->median_ns;
        snprintf(best.name, sizeof(best.name), "%s %s", v->kernel.family,
                 v->knobs);
    }
    return best;
}

// What the rules propose for the same rows as floats, to compare with.
static gnnac_status time_f32(struct workbench *wb, const struct csr *g,
                             struct model *m, struct program *p,
                             struct kernel_bench *b, gnnac_error *err)
{
    struct selection s = {0};
    bare_sum(b->dim, DTYPE_F32, wb->request.slab_bytes, m, p);
    gnnac_status st = time_ours(wb, g, m, p, &s, err);
    if (st == GNNAC_OK)
        b->f32 = fastest(&s);
    selection_finish(&s);
    return st;
}

// Rows of 16-bit values are so many floats to whoever only moves them.
static gnnac_status find_roof(struct workbench *wb, const struct csr *g,
                              struct kernel_bench *b, gnnac_error *err)
{
    gnnac_error mine = {{0}};
    int32_t bytes = (int32_t)dtype_bytes(b->dtype), word = sizeof(float);
    int32_t words = (int32_t)ceil_div((int64_t)b->dim * bytes, word);
    int32_t pitch = (int32_t)ceil_div((int64_t)b->pitch * bytes, word);
    gnnac_status st =
        gather_roof(wb, g->n_nodes, words, pitch, &b->roof, &mine);
    if (st == GNNAC_OK) {
        b->roof *= (double)b->dim * bytes / ((double)words * word);
        return st;
    }
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
        .kind = STEP_AGGREGATE,
        .dim = b->dim,
        .x_type = b->dtype,
        .out_type = b->dtype,
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
                              int32_t dim, enum dtype dtype,
                              struct kernel_bench *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct model *m = calloc(1, sizeof(*m));
    struct program *p = calloc(1, sizeof(*p));
    *out = (struct kernel_bench){.dim = dim,
                                 .dtype = dtype,
                                 .pitch = padded_buffer(dim, dtype).pitch,
                                 .f32 = {.ns = NAN}};
    if (!m || !p) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    TRY(find_roof(wb, g, out, err));
    if (dtype != DTYPE_F32)
        TRY(time_f32(wb, g, m, p, out, err));
    bare_sum(dim, dtype, wb->request.slab_bytes, m, p);
    TRY(time_ours(wb, g, m, p, &out->selection, err));
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
