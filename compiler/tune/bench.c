#include "tune/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bundle/dtype.h"
#include "checked.h"
#include "rng.h"

// Values before and behind the output that no kernel may touch.
enum { CANARY_VALUES = 64 };

// ---- set up -----------------------------------------------------------------

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

static int64_t out_values(const struct bench *b)
{
    return b->g->n_nodes * b->spec->out_pitch;
}

// With the canaries; a multiple of 4, as is filled at once.
static size_t out_bytes(const struct bench *b)
{
    size_t n = (size_t)out_values(b) + 2 * CANARY_VALUES;
    return (n * dtype_bytes(b->spec->out_type) + 3) / 4 * 4;
}

// Values of edges: one, or one for each head.
static int64_t edge_values(const struct bench *b)
{
    int64_t heads = b->spec->heads ? b->spec->heads : 1;
    return b->g->n_edges * heads;
}

// Weights, numbered from the last edge to the first.
static gnnac_status make_edge_values(struct bench *b, gnnac_error *err)
{
    int64_t n = b->g->n_edges;
    if (b->spec->edges == EDGES_NONE)
        return GNNAC_OK;
    b->edge_values = random_values(edge_values(b), 4, DTYPE_F32);
    b->edge_of = alloc_array(n, sizeof(*b->edge_of));
    if (!b->edge_values || !b->edge_of)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for the bench");
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
    b->weight =
        random_values((int64_t)s->tail_dim * s->dim, 4, s->out_type);
    b->tail_bias = random_values(s->tail_dim, 5, DTYPE_F32);
    b->dinv = alloc_array(n, sizeof(*b->dinv));
    b->y = alloc_array(out_values(b) + 2 * CANARY_VALUES, sizeof(*b->y));
    b->stored = alloc_array((int64_t)out_bytes(b), 1);
    if (!b->x || !b->self || !b->bias || !b->weight || !b->tail_bias ||
        !b->dinv || !b->y || !b->stored)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for the bench");
    graph_dinv(n, b->g->rowptr, b->dinv);
    gnnac_status st = make_edge_values(b, err);
    b->host = (struct operand_data){
        b->x,      b->self,      b->dinv,        b->bias,   0.25f,
        b->weight, b->tail_bias, b->edge_values, b->edge_of};
    return st;
}

// `n` values on the device, as their dtype stores them.
static gnnac_status upload_values(const struct bench *b, const float *values,
                                  int64_t n, enum dtype type, cu_ptr *out,
                                  gnnac_error *err)
{
    void *stored = alloc_array(n, dtype_bytes(type));
    if (!stored)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for the bench");
    dtype_store(type, values, n, stored);
    gnnac_status st = cuda_upload(b->c, stored, (size_t)n * dtype_bytes(type),
                                  "the bench", out, err);
    free(stored);
    return st;
}

static gnnac_status upload_edge_values(struct bench *b, gnnac_error *err)
{
    size_t n = (size_t)b->g->n_edges;
    struct operands *d = &b->device;
    if (b->spec->edges == EDGES_NONE)
        return GNNAC_OK;
    gnnac_status st = cuda_upload(b->c, b->edge_values,
                                  (size_t)edge_values(b) * sizeof(float),
                                  "the bench", &d->edge_values, err);
    return st == GNNAC_OK ? cuda_upload(b->c, b->edge_of, n * sizeof(int64_t),
                                        "the bench", &d->edge_of, err)
                          : st;
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
    TRY(upload_values(b, b->x, n * s->x_pitch, s->x_type, &d->x, err));
    TRY(upload_values(b, b->self, n * s->self_pitch, s->self_type, &d->self,
                      err));
    TRY(cuda_upload(c, b->bias, (size_t)s->dim * sizeof(float), "the bench",
                    &d->bias, err));
    TRY(upload_values(b, b->weight, (int64_t)s->tail_dim * s->dim, s->out_type,
                      &d->weight, err));
    TRY(cuda_upload(c, b->tail_bias, (size_t)s->tail_dim * sizeof(float),
                    "the bench", &d->tail_bias, err));
    TRY(cuda_upload(c, &b->host.eps, sizeof(float), "the bench", &d->eps, err));
    TRY(upload_edge_values(b, err));
    TRY(cuda_alloc(c, out_bytes(b), "the bench", &b->out_base, err));
    d->out = b->out_base + CANARY_VALUES * dtype_bytes(s->out_type);
    TRY(CU(c, cuStreamCreate, (&b->stream, CU_STREAM_NON_BLOCKING), err));
out:
    return st;
}

gnnac_status bench_init(const struct cuda_context *c, const struct csr *g,
                        const struct kernel_spec *spec, struct bench *out,
                        gnnac_error *err)
{
    *out = (struct bench){.c = c, .g = g, .spec = spec};
    gnnac_status st = make_host_data(out, err);
    return st == GNNAC_OK ? make_device_data(out, err) : st;
}

void bench_finish(struct bench *b)
{
    const struct cuda_context *c = b->c;
    const cu_ptr owned[] = {b->device.x,      b->device.self,
                            b->device.bias,   b->device.eps,
                            b->device.weight, b->device.tail_bias,
                            b->device.partial,
                            b->out_base,      b->device.edge_values,
                            b->device.edge_of};
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
        cuda_free(c, owned[i]);
    if (b->stream)
        c->cu.cuStreamDestroy_v2(b->stream);
    cuda_graph_finish(&b->graph);
    free(b->x);
    free(b->self);
    free(b->dinv);
    free(b->bias);
    free(b->weight);
    free(b->tail_bias);
    free(b->edge_values);
    free(b->edge_of);
    free(b->y);
    free(b->stored);
}

// ---- one variant ------------------------------------------------------------

// The graph's parts and the memory that the kernel asks for.
static gnnac_status prepare(struct bench *b, const struct variant *v,
                            gnnac_error *err)
{
    gnnac_status st = cuda_graph_prepare(&b->graph, &v->kernel, err);
    size_t bytes = cuda_graph_partial_bytes(&b->graph, &v->kernel);
    if (st == GNNAC_OK && bytes > b->partial_bytes) {
        cuda_free(b->c, b->device.partial);
        b->device.partial = 0;
        b->partial_bytes = 0;
        st = cuda_alloc(b->c, bytes, "partial sums", &b->device.partial, err);
        if (st == GNNAC_OK)
            b->partial_bytes = bytes;
    }
    return st;
}

static gnnac_status load_variant(struct bench *b, const struct variant *v,
                                 struct cuda_kernel *out, gnnac_error *err)
{
    const struct image_view image = {v->images[0].image, v->images[0].n_bytes,
                                     false};
    gnnac_status st = prepare(b, v, err);
    return st == GNNAC_OK
               ? cuda_kernel_load(b->c, &v->kernel, &image, 1, out, err)
               : st;
}

static bool canaries_live(const struct bench *b)
{
    const float *tail = b->y + CANARY_VALUES + out_values(b);
    for (int i = 0; i < CANARY_VALUES; i++)
        if (!isnan(b->y[i]) || !isnan(tail[i]))
            return false;
    return true;
}

// The output before a run is all NaN (all bits are set, in any dtype), canaries
// included.
static gnnac_status run_once(struct bench *b, queue_run queue, void *work,
                             gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    int64_t n = out_values(b) + 2 * CANARY_VALUES;
    TRY(CU(b->c, cuMemsetD32Async,
           (b->out_base, 0xffffffffu, out_bytes(b) / 4, b->stream), err));
    TRY(queue(work, b->stream, err));
    TRY(CU(b->c, cuStreamSynchronize, (b->stream), err));
    TRY(CU(b->c, cuMemcpyDtoH_v2, (b->stored, b->out_base, out_bytes(b)), err));
    dtype_load(b->spec->out_type, b->stored, n, b->y);
out:
    return st;
}

bool verdict_right(const struct verdict *v)
{
    return v->max_error <= 1 && v->inside;
}

gnnac_status bench_check(struct bench *b, queue_run queue, void *work,
                         struct verdict *out, gnnac_error *err)
{
    gnnac_status st = run_once(b, queue, work, err);
    if (st != GNNAC_OK)
        return st;
    out->max_error = oracle_compare(b->g, b->spec, &b->host,
                                    b->y + CANARY_VALUES, &out->row);
    out->inside = canaries_live(b);
    return GNNAC_OK;
}

gnnac_status bench_queue(void *work, cu_stream stream, gnnac_error *err)
{
    struct kernel_run *r = work;
    struct bench *b = r->bench;
    return cuda_kernel_launch(&b->graph, r->k, &b->device, stream, err);
}

static bool refuse(struct variant *v, const char *status)
{
    v->status = status;
    return false;
}

// The loaded variant gives the right result, on the graph called `where`.
static bool is_right(struct bench *b, const char *where,
                     const struct cuda_kernel *k, struct variant *v)
{
    gnnac_error e = {{0}};
    struct verdict verdict;
    struct kernel_run run = {b, k};
    if (bench_check(b, bench_queue, &run, &verdict, &e) != GNNAC_OK) {
        snprintf(v->reason, sizeof(v->reason), "%.500s", e.msg);
        return refuse(v, "launch_error");
    }
    v->max_error = isnan(v->max_error) ? verdict.max_error
                                       : fmax(v->max_error, verdict.max_error);
    if (verdict_right(&verdict))
        return true;
    snprintf(v->reason, sizeof(v->reason),
             "%.200s: wrong result on %s: row %lld, %.3g times the allowed "
             "error%s",
             v->kernel.name, where, (long long)verdict.row, verdict.max_error,
             verdict.inside ? "" : "; it writes outside its output");
    return refuse(v, "wrong_result");
}

bool bench_load(struct bench *b, struct variant *v, struct cuda_kernel *k)
{
    gnnac_error e = {{0}};
    gnnac_status st = load_variant(b, v, k, &e);
    if (st == GNNAC_OK)
        return true;
    snprintf(v->reason, sizeof(v->reason), "%.500s", e.msg);
    return st == GNNAC_EUNSUPPORTED ? false : refuse(v, "launch_error");
}

bool bench_gate(struct bench *b, struct variant *v, struct cuda_kernel *k)
{
    if (!bench_load(b, v, k))
        return false;
    bool right = is_right(b, "the graph", k, v);
    if (!right)
        cuda_kernel_unload(b->c, k);
    return right;
}

bool bench_gate_also(struct bench *b, const char *where, struct variant *v,
                     struct cuda_kernel *k)
{
    gnnac_error e = {{0}};
    bool right = prepare(b, v, &e) == GNNAC_OK;
    if (right)
        right = is_right(b, where, k, v);
    else
        snprintf(v->reason, sizeof(v->reason), "%.500s", e.msg);
    if (!right)
        cuda_kernel_unload(b->c, k);
    return right;
}
