#include "tune/bench_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/dtype.h"
#include "checked.h"
#include "rng.h"
#include "tune/bench_values.h"

// Values before and behind an output that no kernel may touch.
enum { CANARY_VALUES = 64 };

static const char what[] = "the bench";

static gnnac_status no_memory(gnnac_error *err)
{
    return FAIL(err, GNNAC_ENOMEM, "out of memory for the bench");
}

// ---- what the operation has -------------------------------------------------

static bool drops(const struct bench *b)
{
    switch (b->spec->kind) {
    case STEP_ATTENTION_KEEP:
    case STEP_ATTENTION_ROWS_GRAD:
    case STEP_ATTENTION_GRAD:
    case STEP_ATTENTION_V2_KEEP:
    case STEP_ATTENTION_V2_ROWS_GRAD:
    case STEP_ATTENTION_V2_GRAD:
        return true;
    default:
        return false;
    }
}

static bool sums(const struct bench *b)
{
    return b->spec->kind == STEP_ATTENTION_SCORES_GRAD;
}

static bool keeps(const struct bench *b)
{
    return drops(b) || sums(b);
}

static bool draws(const struct bench *b)
{
    return drops(b) || b->spec->drops;
}

static bool compares(const struct bench *b)
{
    return b->spec->kind == STEP_EXTREME ||
           b->spec->kind == STEP_EXTREME_SHARE ||
           b->spec->kind == STEP_EXTREME_GRAD;
}

static bool numbers_edges(const struct bench *b)
{
    return b->spec->edges == EDGES_MAPPED ||
           b->spec->kind == STEP_ATTENTION_GRAD ||
           b->spec->kind == STEP_ATTENTION_V2_GRAD;
}

// The weight and how it is stored: a product's as its x, a tail's as the sums;
// or GATv2's att.
static int64_t weight_values(const struct bench *b)
{
    const struct kernel_spec *s = b->spec;
    if (step_is_attention_v2(s->kind))
        return s->dim;
    return s->depth ? (int64_t)s->dim * s->depth
                    : (int64_t)s->tail_dim * s->dim;
}

static enum dtype weight_type(const struct bench *b)
{
    return b->spec->depth ? b->spec->x_type : b->spec->out_type;
}

// Values of edges: one, or one for each head.
static int64_t edge_values(const struct bench *b)
{
    int64_t heads = b->spec->heads ? b->spec->heads : 1;
    return b->g->n_edges * heads;
}

// Of both vectors, and of their gradients.
static int64_t att_values(const struct bench *b)
{
    return sums(b) ? 2 * b->spec->dim : 0;
}

// What is written besides: those, or of GATv2 what rows add to att's gradient.
static int64_t sum_values(const struct bench *b)
{
    return b->spec->kind == STEP_ATTENTION_V2_ROWS_GRAD
               ? b->g->n_nodes * b->spec->out_pitch
               : att_values(b);
}

static int64_t out_values(const struct bench *b)
{
    switch (b->spec->kind) {
    case STEP_SDDMM:
        return edge_values(b);
    case STEP_ATTENTION_ROWS_GRAD:
        return 0;
    default:
        return b->g->n_nodes * b->spec->out_pitch;
    }
}

// ---- slabs ------------------------------------------------------------------

// `to` = a matrix of n rows of `pitch` values, which lie one by one, laid
// slab-major, or the other way.
static void lay(int64_t n, int32_t pitch, int32_t slab, bool to_rows,
                const float *from, float *to)
{
    int64_t n_slabs = slab ? pitch / slab : 0;
#pragma omp parallel for schedule(static)
    for (int64_t v = 0; v < n; v++)
        for (int64_t k = 0; k < n_slabs; k++) {
            int64_t row = v * pitch + k * slab, at = (k * n + v) * slab;
            memcpy(to + (to_rows ? row : at), from + (to_rows ? at : row),
                   (size_t)slab * sizeof(*to));
        }
}

// ---- outputs ----------------------------------------------------------------

// With the canaries; a multiple of 4, as is filled at once.
static size_t output_bytes(const struct output *o)
{
    size_t n = (size_t)o->n + 2 * CANARY_VALUES;
    return (n * dtype_bytes(o->type) + 3) / 4 * 4;
}

static cu_ptr output_start(const struct output *o)
{
    return o->base + CANARY_VALUES * dtype_bytes(o->type);
}

const float *output_values(const struct output *o)
{
    return o->rows     ? o->rows
           : o->values ? o->values + CANARY_VALUES
                       : NULL;
}

static void output_finish(const struct bench *b, struct output *o)
{
    cuda_free(b->c, o->base);
    free(o->stored);
    free(o->values);
    free(o->rows);
}

// NaN has all bits set, in any dtype.
gnnac_status output_reset(const struct bench *b, struct output *o,
                          gnnac_error *err)
{
    size_t n_bytes = output_bytes(o);
    if (!o->base)
        return GNNAC_OK;
    if (!o->before)
        return CU(b->c, cuMemsetD32Async,
                  (o->base, 0xffffffffu, n_bytes / 4, b->stream), err);
    size_t first = CANARY_VALUES * dtype_bytes(o->type);
    memset(o->stored, 0xff, n_bytes);
    if (o->rows)
        lay(b->g->n_nodes, b->spec->out_pitch, o->slab, false, o->before,
            o->rows);
    dtype_store(o->type, o->rows ? o->rows : o->before, o->n,
                (char *)o->stored + first);
    return cuda_copy_in(b->c, o->base, o->stored, n_bytes, err);
}

// `slab`: of the operation's out alone. What is read is filled at once, as not
// every kernel that is timed goes through the gate.
static gnnac_status output_init(const struct bench *b, int64_t n,
                                enum dtype type, int32_t slab,
                                const float *before, struct output *out,
                                gnnac_error *err)
{
    *out = (struct output){
        .n = n, .type = type, .slab = slab, .before = before};
    out->stored = alloc_array((int64_t)output_bytes(out), 1);
    out->values = alloc_array(n + 2 * CANARY_VALUES, sizeof(float));
    out->rows = slab ? alloc_array(n, sizeof(float)) : NULL;
    if (!out->stored || !out->values || (slab && !out->rows))
        return no_memory(err);
    gnnac_status st = cuda_alloc(b->c, output_bytes(out), what, &out->base,
                                 err);
    return st == GNNAC_OK && before ? output_reset(b, out, err) : st;
}

gnnac_status output_fetch(const struct bench *b, struct output *o,
                          gnnac_error *err)
{
    if (!o->base)
        return GNNAC_OK;
    gnnac_status st = CU(b->c, cuMemcpyDtoH_v2,
                         (o->stored, o->base, output_bytes(o)), err);
    if (st != GNNAC_OK)
        return st;
    dtype_load(o->type, o->stored, o->n + 2 * CANARY_VALUES, o->values);
    if (o->rows)
        lay(b->g->n_nodes, b->spec->out_pitch, o->slab, true,
            o->values + CANARY_VALUES, o->rows);
    return GNNAC_OK;
}

bool output_is_inside(const struct output *o)
{
    const float *end = o->values + CANARY_VALUES + o->n;
    for (int i = 0; o->base && i < CANARY_VALUES; i++)
        if (!isnan(o->values[i]) || !isnan(end[i]))
            return false;
    return true;
}

// ---- on the host ------------------------------------------------------------

// Values that a matrix of that dtype can hold.
static float *random_values(int64_t n, uint64_t seed, enum dtype type)
{
    float *x = alloc_array(n, sizeof(*x));
    if (x)
        rng_fill_normal(seed, x, n);
    for (int64_t i = 0; x && type != DTYPE_F32 && i < n; i++)
        x[i] = dtype_round(type, x[i]);
    return x;
}

// Weights, and numbers from the last edge to the first.
static gnnac_status make_edges(struct bench *b, gnnac_error *err)
{
    int64_t n = b->g->n_edges;
    if (b->spec->edges != EDGES_NONE &&
        !(b->edge_values = random_values(edge_values(b), 4, DTYPE_F32)))
        return no_memory(err);
    if (!numbers_edges(b))
        return GNNAC_OK;
    b->edge_of = alloc_array(n, sizeof(*b->edge_of));
    if (!b->edge_of)
        return no_memory(err);
    for (int64_t e = 0; e < n; e++)
        b->edge_of[e] = n - 1 - e;
    return GNNAC_OK;
}

static gnnac_status make_host_data(struct bench *b, gnnac_error *err)
{
    const struct kernel_spec *s = b->spec;
    int64_t n = b->g->n_nodes;
    b->x = random_values(n * s->x_pitch, 1, s->x_type);
    b->self = random_values(n * s->self_pitch, 2, s->self_type);
    b->bias = random_values(s->dim, 3, DTYPE_F32);
    b->weight = random_values(weight_values(b), 4, weight_type(b));
    b->tail_bias = random_values(spec_out_dim(s), 5, DTYPE_F32);
    b->before = random_values(spec_adds_to_out(s) ? out_values(b) : 0, 7,
                              s->out_type);
    b->att = random_values(att_values(b), 8, DTYPE_F32);
    b->grad = random_values(n * s->grad_pitch, 6, DTYPE_F32);
    b->residual = random_values(n * s->residual_pitch, 9, s->out_type);
    b->dinv = alloc_array(n, sizeof(*b->dinv));
    if (!b->x || !b->self || !b->bias || !b->weight || !b->tail_bias ||
        !b->before || !b->att || !b->grad || !b->residual || !b->dinv)
        return no_memory(err);
    graph_dinv(n, b->g->rowptr, b->dinv);
    if (compares(b)) {
        bench_make_ties(s, b->x, n, s->x_pitch);
        bench_make_ties(s, b->self, n, s->self_pitch);
    }
    if (drops(b))
        bench_fill_kept(s, b->self, n);
    if (step_is_attention_v2(s->kind))
        bench_shrink_att(s, b->weight);
    b->state = (struct train_state){.seed = 7, .step = 3};
    return make_edges(b, err);
}

static void lend_host_data(struct bench *b)
{
    b->host = (struct operand_data){
        .x = b->x,
        .self = b->self,
        .dinv = b->dinv,
        .bias = b->bias,
        .eps = 0.25f,
        .weight = b->weight,
        .tail_bias = b->tail_bias,
        .residual = b->residual,
        .before = b->before,
        .edge_values = b->edge_values,
        .edge_of = b->edge_of,
        .grad = b->grad,
        .att_src = b->att,
        .att_dst = b->att ? b->att + b->spec->dim : NULL,
        .state = &b->state,
        .place = 2,
        .tail_place = 5,
    };
}

// ---- on the device ----------------------------------------------------------

// `n` values on the device, as their dtype stores them.
static gnnac_status upload_values(const struct bench *b, const float *values,
                                  int64_t n, enum dtype type, cu_ptr *out,
                                  gnnac_error *err)
{
    void *stored = alloc_array(n, dtype_bytes(type));
    if (!stored)
        return no_memory(err);
    dtype_store(type, values, n, stored);
    gnnac_status st = cuda_upload(b->c, stored, (size_t)n * dtype_bytes(type),
                                  what, out, err);
    free(stored);
    return st;
}

// A matrix, as it lies there.
static gnnac_status upload_matrix(const struct bench *b, const float *rows,
                                  int32_t pitch, int32_t slab, enum dtype type,
                                  cu_ptr *out, gnnac_error *err)
{
    int64_t n = b->g->n_nodes * pitch;
    if (!slab)
        return upload_values(b, rows, n, type, out, err);
    float *laid = alloc_array(n, sizeof(*laid));
    if (!laid)
        return no_memory(err);
    lay(b->g->n_nodes, pitch, slab, false, rows, laid);
    gnnac_status st = upload_values(b, laid, n, type, out, err);
    free(laid);
    return st;
}

static gnnac_status upload_edges(struct bench *b, gnnac_error *err)
{
    size_t n = (size_t)b->g->n_edges;
    struct operands *d = &b->device;
    gnnac_status st = GNNAC_OK;
    if (b->edge_values)
        TRY(cuda_upload(b->c, b->edge_values,
                        (size_t)edge_values(b) * sizeof(float), what,
                        &d->edge_values, err));
    if (b->edge_of)
        TRY(cuda_upload(b->c, b->edge_of, n * sizeof(int64_t), what,
                        &d->edge_of, err));
out:
    return st;
}

// What is kept lies in self.
static gnnac_status make_outputs(struct bench *b, gnnac_error *err)
{
    const struct kernel_spec *s = b->spec;
    struct operands *d = &b->device;
    int64_t n_self = b->g->n_nodes * s->self_pitch;
    gnnac_status st = GNNAC_OK;
    TRY(output_init(b, out_values(b), s->out_type, s->out_slab,
                    spec_adds_to_out(s) ? b->before : NULL, &b->out, err));
    d->out = d->edge_out = output_start(&b->out);
    if (keeps(b) || draws(b))
        TRY(cuda_upload(b->c, &b->state, sizeof(b->state), what, &d->state,
                        err));
    if (!keeps(b)) {
        TRY(upload_matrix(b, b->self, s->self_pitch, s->self_slab,
                          s->self_type, &d->self, err));
        goto out;
    }
    TRY(output_init(b, n_self, s->self_type, 0, b->self, &b->kept, err));
    d->self = output_start(&b->kept);
    TRY(output_init(b, sum_values(b), DTYPE_F32, 0, NULL, &b->sums, err));
    d->grad = d->att_rows = output_start(&b->sums);
    d->grad_next = d->grad + (cu_ptr)s->dim * sizeof(float);
out:
    return st;
}

static gnnac_status make_device_data(struct bench *b, gnnac_error *err)
{
    const struct cuda_context *c = b->c;
    const struct kernel_spec *s = b->spec;
    struct operands *d = &b->device;
    gnnac_status st = GNNAC_OK;
    TRY(cuda_graph_init(c, b->g->n_nodes, b->g->n_edges, b->g->rowptr,
                        b->g->colidx, b->dinv, &b->graph, err));
    int64_t n = b->g->n_nodes;
    TRY(upload_matrix(b, b->x, s->x_pitch, s->x_slab, s->x_type, &d->x, err));
    TRY(upload_values(b, b->bias, s->dim, DTYPE_F32, &d->bias, err));
    TRY(upload_values(b, b->weight, weight_values(b), weight_type(b),
                      &d->weight, err));
    TRY(upload_values(b, b->tail_bias, spec_out_dim(s), DTYPE_F32,
                      &d->tail_bias, err));
    TRY(upload_values(b, b->grad, n * s->grad_pitch, DTYPE_F32, &d->g, err));
    TRY(upload_values(b, b->residual, n * s->residual_pitch, s->out_type,
                      &d->residual, err));
    TRY(upload_values(b, b->att, att_values(b), DTYPE_F32, &d->att_src, err));
    d->att_dst = d->att_src + (cu_ptr)s->dim * sizeof(float);
    TRY(cuda_upload(c, &b->host.eps, sizeof(float), what, &d->eps, err));
    d->place = b->host.place;
    d->tail_place = b->host.tail_place;
    TRY(upload_edges(b, err));
    TRY(make_outputs(b, err));
    TRY(CU(c, cuStreamCreate, (&b->stream, CU_STREAM_NON_BLOCKING), err));
out:
    return st;
}

bool bench_can_drop(const struct bench *b)
{
    return draws(b);
}

gnnac_status bench_set_dropout(struct bench *b, bool on, gnnac_error *err)
{
    enum { DROPPED = 20000 }; // of 65536
    if (!draws(b))
        return GNNAC_OK;
    b->state.attention_threshold = on ? DROPPED : 0;
    b->state.attention_scale = on ? 65536.0f / (65536 - DROPPED) : 1;
    b->state.drop_threshold = on ? 0 : DROPPED;
    b->state.drop_scale = on ? 1 : 65536.0f / (65536 - DROPPED);
    return cuda_copy_in(b->c, b->device.state, &b->state, sizeof(b->state),
                        err);
}

// ---- all of it --------------------------------------------------------------

gnnac_status bench_init(const struct cuda_context *c, const struct csr *g,
                        const struct kernel_spec *spec, struct bench *out,
                        gnnac_error *err)
{
    *out = (struct bench){.c = c, .g = g, .spec = spec};
    if (!oracle_knows(spec->kind))
        return FAIL(err, GNNAC_EINTERNAL, "%s has no oracle",
                    step_kind_name(spec->kind));
    gnnac_status st = make_host_data(out, err);
    lend_host_data(out);
    return st == GNNAC_OK ? make_device_data(out, err) : st;
}

void bench_close_blas(struct bench *b)
{
    cuda_epilogue_finish(&b->blas, &b->ending);
    cuda_blas_close(&b->blas);
}

void bench_finish(struct bench *b)
{
    const struct cuda_context *c = b->c;
    const struct operands *d = &b->device;
    const cu_ptr device[] = {
        d->x,         d->bias,    d->weight,      d->tail_bias, d->g,
        d->residual,
        d->eps,       d->partial, d->edge_values, d->edge_of,   d->state,
        d->scratch,   d->att_src, b->kept.base ? 0 : d->self};
    void *const host[] = {b->x,         b->self, b->dinv,        b->bias,
                          b->weight,    b->grad, b->edge_values, b->edge_of,
                          b->tail_bias, b->before, b->att, b->residual};
    for (size_t i = 0; i < sizeof(device) / sizeof(device[0]); i++)
        cuda_free(c, device[i]);
    for (size_t i = 0; i < sizeof(host) / sizeof(host[0]); i++)
        free(host[i]);
    for (int i = 0; i < 2; i++)
        oracle_memory_finish(&b->remembered[i]);
    output_finish(b, &b->out);
    output_finish(b, &b->kept);
    output_finish(b, &b->sums);
    bench_close_blas(b);
    if (b->stream)
        c->cu.cuStreamDestroy_v2(b->stream);
    cuda_graph_finish(&b->graph);
}
