#include "tune/bench.h"

#include <math.h>
#include <stdio.h>

#include "tune/bench_data.h"

// ---- a product by BLAS ------------------------------------------------------

static struct product product_of(const struct bench *b)
{
    const struct kernel_spec *s = b->spec;
    return (struct product){b->g->n_nodes, s->dim, s->depth, s->adds};
}

// As the runtime does it: with the bias and the activation where cuBLASLt can.
static gnnac_status open_blas(struct bench *b, gnnac_error *err)
{
    const struct kernel_spec *s = b->spec;
    const struct product p = product_of(b);
    gnnac_status st = GNNAC_OK;
    if (!b->blas.handle)
        TRY(cuda_blas_open(b->c, GNNAC_MATH_F32, &b->blas, err));
    TRY(cuda_blas_on(&b->blas, b->stream, err));
    if (s->tail == TAIL_BIAS_ACT && !b->ending.desc)
        cuda_epilogue_plan(&b->blas, &p, s->x_pitch, s->out_pitch,
                           s->tail_bias ? b->device.tail_bias : 0, s->tail_act,
                           &b->ending);
    if (s->tail != TAIL_NONE && !b->ending.desc)
        st = FAIL(err, GNNAC_EUNSUPPORTED,
                  "BLAS has no way to end this product with a bias");
out:
    return st;
}

static gnnac_status queue_blas(struct bench *b, cu_stream stream,
                               gnnac_error *err)
{
    const struct kernel_spec *s = b->spec;
    const struct operands *d = &b->device;
    const struct product p = product_of(b);
    if (p.n == 0)
        return GNNAC_OK;
    if (b->ending.desc)
        return cuda_epilogue_run(&b->blas, &b->ending, d->weight, d->x, d->out,
                                 stream, err);
    return cuda_blas_linear(&b->blas, &p, d->weight,
                            (struct device_matrix){d->x, s->x_pitch, s->x_type},
                            (struct device_matrix){d->out, s->out_pitch,
                                                   s->out_type},
                            err);
}

// ---- loading ----------------------------------------------------------------

// Room for at least so many bytes, whatever was there.
static gnnac_status grow(const struct bench *b, size_t bytes, cu_ptr *room,
                         size_t *n_bytes, gnnac_error *err)
{
    if (bytes <= *n_bytes)
        return GNNAC_OK;
    cuda_free(b->c, *room);
    *room = 0;
    *n_bytes = 0;
    gnnac_status st = cuda_alloc(b->c, bytes, "partial sums", room, err);
    if (st == GNNAC_OK)
        *n_bytes = bytes;
    return st;
}

// A kernel that was wrong may have left them otherwise.
static gnnac_status clear_tickets(const struct bench *b, const struct kernel *k,
                                  gnnac_error *err)
{
    const struct partition *p = cuda_graph_partition(&b->graph, k);
    return p ? cuda_tickets_clear(b->c, &p->tickets, b->stream, err) : GNNAC_OK;
}

// The graph's parts and the memory that the kernel asks for.
static gnnac_status prepare(struct bench *b, const struct variant *v,
                            gnnac_error *err)
{
    if (variant_is_blas(v))
        return open_blas(b, err);
    gnnac_status st = cuda_graph_prepare(&b->graph, &v->kernel, err);
    if (st == GNNAC_OK)
        st = grow(b, cuda_graph_partial_bytes(&b->graph, &v->kernel),
                  &b->device.partial, &b->partial_bytes, err);
    if (st == GNNAC_OK)
        st = grow(b, cuda_graph_scratch_bytes(&b->graph, &v->kernel),
                  &b->device.scratch, &b->scratch_bytes, err);
    return st == GNNAC_OK ? clear_tickets(b, &v->kernel, err) : st;
}

static gnnac_status load_variant(struct bench *b, const struct variant *v,
                                 struct cuda_kernel *out, gnnac_error *err)
{
    const struct image_view image = {v->images[0].image, v->images[0].n_bytes,
                                     false};
    gnnac_status st = prepare(b, v, err);
    *out = (struct cuda_kernel){.k = &v->kernel};
    return st == GNNAC_OK && !variant_is_blas(v)
               ? cuda_kernel_load(b->c, &v->kernel, &image, 1, out, err)
               : st;
}

// All outputs before a run, canaries included; its results afterwards.
static gnnac_status run_once(struct bench *b, queue_run queue, void *work,
                             gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    TRY(output_reset(b, &b->out, err));
    TRY(output_reset(b, &b->kept, err));
    TRY(output_reset(b, &b->sums, err));
    TRY(queue(work, b->stream, err));
    TRY(CU(b->c, cuStreamSynchronize, (b->stream), err));
    TRY(output_fetch(b, &b->out, err));
    TRY(output_fetch(b, &b->kept, err));
    TRY(output_fetch(b, &b->sums, err));
out:
    return st;
}

bool verdict_right(const struct verdict *v)
{
    return v->max_error <= 1 && v->inside;
}

// Adds what a run left to the verdict.
static void judge(struct bench *b, bool drops, struct verdict *v)
{
    const struct kernel_results got = {output_values(&b->out),
                                       output_values(&b->kept),
                                       output_values(&b->sums)};
    int64_t row;
    double error = oracle_compare_again(&b->remembered[drops], b->g, b->spec,
                                        &b->host, &got, &row);
    if (error > v->max_error) {
        v->max_error = error;
        v->row = row;
    }
    v->inside &= output_is_inside(&b->out) && output_is_inside(&b->kept) &&
                 output_is_inside(&b->sums);
}

gnnac_status bench_check(struct bench *b, queue_run queue, void *work,
                         struct verdict *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    *out = (struct verdict){0, -1, true};
    for (int drops = bench_can_drop(b); drops >= 0 && st == GNNAC_OK;
         drops--) {
        st = bench_set_dropout(b, drops, err);
        if (st == GNNAC_OK)
            st = run_once(b, queue, work, err);
        if (st == GNNAC_OK)
            judge(b, drops, out);
    }
    return st;
}

gnnac_status bench_queue(void *work, cu_stream stream, gnnac_error *err)
{
    struct kernel_run *r = work;
    struct bench *b = r->bench;
    if (r->k->k->n_launches == 0)
        return queue_blas(b, stream, err);
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
    char place[32];
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
    snprintf(place, sizeof(place), "row %lld", (long long)verdict.row);
    if (verdict.row == b->g->n_nodes)
        snprintf(place, sizeof(place), "a sum over the rows");
    snprintf(v->reason, sizeof(v->reason),
             "%.200s: wrong result on %s: %s, %.3g times the allowed error%s",
             v->kernel.name, where, place, verdict.max_error,
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

// Others that were accepted go on with the same tickets.
static void discard(const struct bench *b, const struct variant *v,
                    struct cuda_kernel *k)
{
    clear_tickets(b, &v->kernel, NULL);
    cuda_kernel_unload(b->c, k);
}

bool bench_gate(struct bench *b, struct variant *v, struct cuda_kernel *k)
{
    if (!bench_load(b, v, k))
        return false;
    bool right = is_right(b, "the graph", k, v);
    if (!right)
        discard(b, v, k);
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
    bench_close_blas(b); // it is asked once here, and its workspace is large
    if (!right)
        discard(b, v, k);
    return right;
}
