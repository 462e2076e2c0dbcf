#include "tune/timing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "checked.h"
#include "cuda_kernel.h"
#include "rng.h"
#include "tune/oracle.h"

// Samples of one variant, and the shortest one worth believing: an event's
// resolution is about half a microsecond.
enum { N_SAMPLES = 21, N_WARM_UP = 3, CANARY_FLOATS = 64 };
static const float sample_ms_min = 0.1f;

// An aggregation set up on the GPU and on the host.
struct bench {
    const struct cuda_context *c;
    const struct csr *g;
    const struct kernel_spec *spec;
    struct cuda_graph graph;
    struct operand_data host;
    float *x, *self, *dinv, *bias, *y; // owned, host
    struct operands device;
    cu_ptr out_base; // canaries, output, canaries
    size_t partial_bytes;
    cu_stream stream;
    cu_event begin, end;
};

// ---- set up -----------------------------------------------------------------

static float *random_floats(int64_t n, uint64_t seed)
{
    float *x = alloc_array(n, sizeof(*x));
    if (!x)
        return NULL;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)rng_normal(seed, (uint64_t)i);
    return x;
}

static int64_t out_floats(const struct bench *b)
{
    return b->g->n_nodes * b->spec->out_pitch;
}

static gnnac_status make_host_data(struct bench *b, gnnac_error *err)
{
    const struct kernel_spec *s = b->spec;
    int64_t n = b->g->n_nodes;
    b->x = random_floats(n * s->x_pitch, 1);
    b->self = random_floats(n * s->self_pitch, 2);
    b->bias = random_floats(s->dim, 3);
    b->dinv = alloc_array(n, sizeof(*b->dinv));
    b->y = alloc_array(out_floats(b) + 2 * CANARY_FLOATS, sizeof(*b->y));
    if (!b->x || !b->self || !b->bias || !b->dinv || !b->y)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for timing");
    graph_dinv(n, b->g->rowptr, b->dinv);
    b->host = (struct operand_data){b->x, b->self, b->dinv, b->bias, 0.25f};
    return GNNAC_OK;
}

static gnnac_status make_device_data(struct bench *b, gnnac_error *err)
{
    const struct cuda_context *c = b->c;
    const struct kernel_spec *s = b->spec;
    size_t row = (size_t)b->g->n_nodes * sizeof(float);
    struct operands *d = &b->device;
    gnnac_status st = GNNAC_OK;
    TRY(cuda_graph_init(c, b->g->n_nodes, b->g->n_edges, b->g->rowptr,
                        b->g->colidx, b->dinv, &b->graph, err));
    TRY(cuda_upload(c, b->x, row * (size_t)s->x_pitch, "timing", &d->x, err));
    TRY(cuda_upload(c, b->self, row * (size_t)s->self_pitch, "timing",
                    &d->self, err));
    TRY(cuda_upload(c, b->bias, (size_t)s->dim * sizeof(float), "timing",
                    &d->bias, err));
    TRY(cuda_upload(c, &b->host.eps, sizeof(float), "timing", &d->eps, err));
    TRY(cuda_alloc(c,
                   ((size_t)out_floats(b) + 2 * CANARY_FLOATS) * sizeof(float),
                   "timing", &b->out_base, err));
    d->out = b->out_base + CANARY_FLOATS * sizeof(float);
    TRY(CU(c, cuStreamCreate, (&b->stream, CU_STREAM_NON_BLOCKING), err));
    TRY(CU(c, cuEventCreate, (&b->begin, 0), err));
    TRY(CU(c, cuEventCreate, (&b->end, 0), err));
out:
    return st;
}

static void bench_finish(struct bench *b)
{
    const struct cuda_context *c = b->c;
    const cu_ptr owned[] = {b->device.x, b->device.self, b->device.bias,
                            b->device.eps, b->device.partial, b->out_base};
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
        cuda_free(c, owned[i]);
    if (b->begin)
        c->cu.cuEventDestroy_v2(b->begin);
    if (b->end)
        c->cu.cuEventDestroy_v2(b->end);
    if (b->stream)
        c->cu.cuStreamDestroy_v2(b->stream);
    cuda_graph_finish(&b->graph);
    free(b->x);
    free(b->self);
    free(b->dinv);
    free(b->bias);
    free(b->y);
}

// ---- one variant ------------------------------------------------------------

static gnnac_status load_variant(struct bench *b, const struct variant *v,
                                 struct cuda_kernel *out, gnnac_error *err)
{
    const struct image_view image = {v->images[0].image, v->images[0].n_bytes,
                                     false};
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
    return st == GNNAC_OK
               ? cuda_kernel_load(b->c, &v->kernel, &image, 1, out, err)
               : st;
}

static bool canaries_live(const struct bench *b)
{
    const float *tail = b->y + CANARY_FLOATS + out_floats(b);
    for (int i = 0; i < CANARY_FLOATS; i++)
        if (!isnan(b->y[i]) || !isnan(tail[i]))
            return false;
    return true;
}

static gnnac_status launch(struct bench *b, const struct cuda_kernel *k,
                           gnnac_error *err)
{
    return cuda_kernel_launch(&b->graph, k, &b->device, b->stream, err);
}

// The output before a run is all NaN (0xFFFFFFFF), canaries included.
static gnnac_status run_once(struct bench *b, const struct cuda_kernel *k,
                             gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    size_t n = (size_t)out_floats(b) + 2 * CANARY_FLOATS;
    TRY(CU(b->c, cuMemsetD32_v2, (b->out_base, 0xffffffffu, n), err));
    TRY(launch(b, k, err));
    TRY(CU(b->c, cuStreamSynchronize, (b->stream), err));
    TRY(CU(b->c, cuMemcpyDtoH_v2, (b->y, b->out_base, n * sizeof(float)),
           err));
out:
    return st;
}

// The gate. False, with status and reason set, when the variant is out.
static bool gate(struct bench *b, const struct cuda_kernel *k,
                 struct variant *v)
{
    gnnac_error e = {{0}};
    int64_t row;
    if (run_once(b, k, &e) != GNNAC_OK) {
        v->status = "launch_error";
        snprintf(v->reason, sizeof(v->reason), "%.500s", e.msg);
        return false;
    }
    v->max_error = oracle_compare(b->g, b->spec, &b->host,
                                  b->y + CANARY_FLOATS, &row);
    if (v->max_error <= 1 && canaries_live(b))
        return true;
    v->status = "wrong_result";
    snprintf(v->reason, sizeof(v->reason),
             "%.200s: wrong result: row %lld, %.3g times the allowed error%s",
             v->kernel.name, (long long)row, v->max_error,
             canaries_live(b) ? "" : "; it writes outside its output");
    return false;
}

// Milliseconds of `repeat` launches in a row.
static gnnac_status sample(struct bench *b, const struct cuda_kernel *k,
                           int repeat, float *ms, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    TRY(CU(b->c, cuEventRecord, (b->begin, b->stream), err));
    for (int i = 0; i < repeat; i++)
        TRY(launch(b, k, err));
    TRY(CU(b->c, cuEventRecord, (b->end, b->stream), err));
    TRY(CU(b->c, cuEventSynchronize, (b->end), err));
    TRY(CU(b->c, cuEventElapsedTime, (ms, b->begin, b->end), err));
out:
    return st;
}

// ---- the race ---------------------------------------------------------------

struct runner {
    struct variant *v;
    struct cuda_kernel k;
    int repeat;
    double ns[N_SAMPLES];
};

static gnnac_status warm_up(struct bench *b, struct runner *r, gnnac_error *err)
{
    float ms = 0;
    gnnac_status st = GNNAC_OK;
    r->repeat = 1;
    for (int i = 0; i < N_WARM_UP && st == GNNAC_OK; i++)
        st = sample(b, &r->k, 1, &ms, err);
    if (ms < sample_ms_min)
        r->repeat = ms > 1e-4f ? (int)(sample_ms_min / ms) + 1 : 1000;
    return st;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void summarise(struct runner *r)
{
    qsort(r->ns, N_SAMPLES, sizeof(r->ns[0]), compare_doubles);
    r->v->n_samples = N_SAMPLES;
    r->v->median_ns = r->ns[N_SAMPLES / 2];
    r->v->p20_ns = r->ns[N_SAMPLES / 5];
    r->v->p80_ns = r->ns[N_SAMPLES - 1 - N_SAMPLES / 5];
}

// Round-robin, so that a drifting clock hits all alike.
static gnnac_status race(struct bench *b, struct runner *runners, size_t n,
                         gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    for (size_t i = 0; i < n; i++)
        TRY(warm_up(b, &runners[i], err));
    for (int round = 0; round < N_SAMPLES; round++)
        for (size_t i = 0; i < n; i++) {
            float ms;
            TRY(sample(b, &runners[i].k, runners[i].repeat, &ms, err));
            runners[i].ns[round] = ms * 1e6 / runners[i].repeat;
        }
    for (size_t i = 0; i < n; i++)
        summarise(&runners[i]);
out:
    return st;
}

static size_t enter_race(struct bench *b, struct variant *variants,
                         const int32_t *options, size_t n_options,
                         struct runner *runners)
{
    size_t n = 0;
    for (size_t i = 0; i < n_options; i++) {
        struct variant *v = &variants[options[i]];
        struct runner *r = &runners[n];
        gnnac_error e = {{0}};
        if (strcmp(v->status, "ok") != 0 || !v->images[0].image)
            continue;
        if (load_variant(b, v, &r->k, &e) != GNNAC_OK) {
            v->status = "launch_error";
            snprintf(v->reason, sizeof(v->reason), "%.500s", e.msg);
        } else if (gate(b, &r->k, v)) {
            r->v = v;
            n++;
        } else {
            log_warn("%s", v->reason);
            cuda_kernel_unload(b->c, &r->k);
        }
    }
    return n;
}

gnnac_status time_variants(const struct cuda_context *c, const struct csr *g,
                           const struct kernel_spec *spec,
                           struct variant *variants, const int32_t *options,
                           size_t n_options, size_t *n_timed, gnnac_error *err)
{
    struct bench b = {.c = c, .g = g, .spec = spec};
    struct runner *runners = calloc(n_options, sizeof(*runners));
    size_t n = 0;
    if (!runners)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    gnnac_status st = cuda_enter(c, err);
    if (st != GNNAC_OK) {
        free(runners);
        return st;
    }
    st = make_host_data(&b, err);
    if (st == GNNAC_OK)
        st = make_device_data(&b, err);
    if (st == GNNAC_OK)
        n = enter_race(&b, variants, options, n_options, runners);
    if (st == GNNAC_OK && g->n_nodes)
        st = race(&b, runners, n, err);
    if (st == GNNAC_OK)
        *n_timed += n;
    for (size_t i = 0; i < n; i++)
        cuda_kernel_unload(c, &runners[i].k);
    bench_finish(&b);
    cuda_leave(c);
    free(runners);
    return st;
}
