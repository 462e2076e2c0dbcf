// gnnac run BUNDLE: one inference, optionally checked against float64.
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "base/clock.h"
#include "base/log.h"
#include "checked.h"
#include "cli/cli.h"
#include "cli/requests.h"
#include "graph/dataset.h"
#include "graph/matrix.h"
#include "rng.h"

// Everything one run owns.
struct session {
    gnnac_context *ctx;
    gnnac_bundle *bundle;
    gnnac_model *model;
    gnnac_bundle_info info;
    struct dataset data; // features alone
    gnnac_input *input;
    float *y;
    double seconds; // wall clock of an inference, copies included
};

static void session_finish(struct session *s)
{
    gnnac_input_destroy(s->input);
    dataset_finish(&s->data);
    free(s->y);
    gnnac_model_destroy(s->model);
    gnnac_bundle_close(s->bundle);
    gnnac_context_destroy(s->ctx);
    *s = (struct session){0};
}

// ---- features ---------------------------------------------------------------

static void fill_ones(float *x, int64_t n, uint64_t seed)
{
    (void)seed;
    for (int64_t i = 0; i < n; i++)
        x[i] = 1;
}

static void fill_randn(float *x, int64_t n, uint64_t seed)
{
    rng_fill_normal(seed, x, n);
}

static gnnac_status alloc_features(struct session *s, gnnac_error *err)
{
    size_t n;
    if (!size_mul((size_t)s->info.n_nodes, (size_t)s->info.in_dim, &n) ||
        n > INT64_MAX ||
        !(s->data.dense = alloc_array((int64_t)n, sizeof(float))))
        return FAIL(err, GNNAC_ENOMEM,
                    "out of memory for features of %lld x %lld",
                    (long long)s->info.n_nodes, (long long)s->info.in_dim);
    return GNNAC_OK;
}

static gnnac_status load_features(struct session *s, const char *path,
                                  gnnac_error *err)
{
    struct dataset *d = &s->data;
    gnnac_status st = dataset_load_features(path, d, err);
    if (st == GNNAC_OK &&
        (d->n_nodes != s->info.n_nodes || d->dim != s->info.in_dim))
        st = FAIL(err, GNNAC_EFORMAT,
                  "%s: features are %lld x %lld, the bundle needs %lld x %lld",
                  path, (long long)d->n_nodes, (long long)d->dim,
                  (long long)s->info.n_nodes, (long long)s->info.in_dim);
    return st;
}

// randn:SEED; plain "randn" uses --seed.
static gnnac_status parse_randn(const char *spec, uint64_t *seed,
                                gnnac_error *err)
{
    if (spec[5] == '\0')
        return GNNAC_OK;
    char *end;
    unsigned long long v = strtoull(spec + 6, &end, 10);
    if (spec[5] != ':' || end == spec + 6 || *end != '\0' || spec[6] == '-')
        return FAIL(err, GNNAC_EUSAGE,
                    "--features %s: expected randn or randn:SEED", spec);
    *seed = v;
    return GNNAC_OK;
}

static gnnac_status make_features(struct session *s, const struct options *o,
                                  gnnac_error *err)
{
    const char *spec = o->features ? o->features : "randn";
    void (*fill)(float *, int64_t, uint64_t) = NULL;
    uint64_t seed = o->seed;
    gnnac_status st = GNNAC_OK;
    if (strcmp(spec, "ones") == 0) {
        fill = fill_ones;
    } else if (strncmp(spec, "randn", 5) == 0 &&
               (spec[5] == '\0' || spec[5] == ':')) {
        fill = fill_randn;
        st = parse_randn(spec, &seed, err);
    }
    if (st == GNNAC_OK && !fill)
        return load_features(s, spec, err);
    if (st == GNNAC_OK)
        st = alloc_features(s, err);
    if (st == GNNAC_OK)
        fill(s->data.dense, s->info.n_nodes * s->info.in_dim, seed);
    return st;
}

// ---- run and verify ---------------------------------------------------------

static gnnac_status open_session(struct session *s, const struct options *o,
                                 gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    gnnac_context_options options = {.struct_size = sizeof(options),
                                     .device = o->device,
                                     .n_threads = o->threads};
    TRY(gnnac_bundle_open(o->args[0], &s->bundle, err));
    gnnac_bundle_get_info(s->bundle, &s->info);
    TRY(gnnac_context_create(&options, &s->ctx, err));
    TRY(gnnac_model_create(s->ctx, s->bundle, &s->model, err));
    TRY(read_math(s->model, o, err));
    TRY(read_weights(s->model, o, err));
out:
    return st;
}

static gnnac_status forward(struct session *s, gnnac_form form,
                            gnnac_error *err)
{
    const gnnac_features x = dataset_features(&s->data, form);
    s->y = alloc_array(s->info.n_nodes * s->info.out_dim, sizeof(float));
    if (!s->y)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for the output");
    double begin = now_seconds();
    gnnac_status st = gnnac_input_create(s->model, &x, &s->input, err);
    if (st == GNNAC_OK)
        st = gnnac_input_run(s->input, s->y, err);
    s->seconds = now_seconds() - begin;
    return st;
}

// The element whose error is largest against its bound.
struct worst {
    double ratio; // |error| / bound; > 1 is wrong
    int64_t node, column;
    double got, want;
};

static struct worst compare(const float *y, const double *want,
                            const double *bound, int64_t n_nodes, int64_t dim)
{
    struct worst w = {.ratio = 0};
    for (int64_t i = 0; i < n_nodes * dim; i++) {
        double error = fabs((double)y[i] - want[i]);
        double ratio = error == 0 ? 0 : error / bound[i];
        if (!(ratio <= w.ratio)) // NaN counts as worst
            w = (struct worst){isnan(ratio) ? INFINITY : ratio, i / dim,
                               i % dim, y[i], want[i]};
    }
    return w;
}

static gnnac_status verify(const struct session *s, struct worst *out,
                           gnnac_error *err)
{
    int64_t n = s->info.n_nodes * s->info.out_dim;
    double *want = alloc_array(n, sizeof(double));
    double *bound = alloc_array(n, sizeof(double));
    gnnac_status st = GNNAC_OK;
    if (!want || !bound)
        st = FAIL(err, GNNAC_ENOMEM, "out of memory for the reference");
    if (st == GNNAC_OK)
        st = gnnac_input_reference(s->input, want, bound, err);
    if (st == GNNAC_OK) {
        *out = compare(s->y, want, bound, s->info.n_nodes, s->info.out_dim);
        if (out->ratio > 1)
            st = FAIL(err, GNNAC_EWRONG,
                      "wrong result: node %lld, column %lld is %.9g, float64 "
                      "says %.9g, %.3g times the allowed error",
                      (long long)out->node, (long long)out->column, out->got,
                      out->want, out->ratio);
    }
    free(want);
    free(bound);
    return st;
}

// ---- report -----------------------------------------------------------------

static gnnac_status report(const struct session *s, const struct options *o,
                           const struct worst *w, gnnac_error *err)
{
    const char *device = gnnac_context_device(s->ctx);
    const char *level = gnnac_model_load_level(s->model);
    const char *form = gnnac_input_is_sparse(s->input) ? "sparse" : "dense";
    if (o->json)
        return print_json_line(
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:f, s:o}",
                      "model", s->info.model, "device", device, "level", level,
                      "features", form, "math", math_used(s->model), "nodes",
                      (json_int_t)s->info.n_nodes, "in_dim",
                      (json_int_t)s->info.in_dim, "out_dim",
                      (json_int_t)s->info.out_dim, "wall_ms", s->seconds * 1e3,
                      "worst_error_over_bound",
                      o->verify ? json_real(w->ratio) : json_null()),
            err);
    if (strcmp(level, "ptx") == 0)
        log_info("no kernels of the bundle are for this GPU: the driver has "
                 "translated their PTX%s; compile with --arch for it",
                 cuda_model_relieves(s->model->cuda)
                     ? ", and wide products are left to BLAS"
                     : "");
    if (o->quiet)
        return GNNAC_OK;
    printf("%s on %s (%s): %lld nodes, %lld -> %lld columns%s, %.2f ms wall "
           "clock with copies\n",
           s->info.model, device, level, (long long)s->info.n_nodes,
           (long long)s->info.in_dim, (long long)s->info.out_dim,
           gnnac_input_is_sparse(s->input) ? " by sparse rows" : "",
           s->seconds * 1e3);
    if (o->verify)
        printf("verified against float64: the largest error is %.3g of its "
               "bound (node %lld)\n",
               w->ratio, (long long)w->node);
    return GNNAC_OK;
}

gnnac_status cmd_run(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct session s = {0};
    struct worst w = {0};

    TRY(open_session(&s, o, err));
    TRY(make_features(&s, o, err));
    if (!gnnac_context_is_cuda(s.ctx))
        log_info("running on the CPU%s",
                 o->device && strcmp(o->device, "cpu") == 0 ? ""
                                                            : ": no GPU here");
    TRY(forward(&s, read_form(o), err));
    if (o->verify)
        TRY(verify(&s, &w, err));
    if (o->output)
        TRY(matrix_save(o->output, s.y, s.info.n_nodes, s.info.out_dim, err));
    TRY(report(&s, o, &w, err));

out:
    session_finish(&s);
    return st;
}
