#include "training/bench_epochs.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "base/clock.h"
#include "checked.h"
#include "cli/requests.h"
#include "rng.h"
#include "tune/gpu_lock.h"

enum { N_WARM_UP = 10, EPOCHS = 200 }; // the artifact's

struct epochs {
    gnnac_bundle *bundle;
    gnnac_context *ctx;
    gnnac_model *model;
    gnnac_trainer *trainer;
    gnnac_bundle_info info;
    float *x;                // [n_nodes, in_dim]
    int32_t *labels, *nodes; // [n_nodes]
    int64_t n;               // epochs that are timed
    double mean_ms;
    float loss;
};

static void epochs_finish(struct epochs *e)
{
    gnnac_trainer_destroy(e->trainer);
    gnnac_model_destroy(e->model);
    gnnac_context_destroy(e->ctx);
    gnnac_bundle_close(e->bundle);
    free(e->x);
    free(e->labels);
    free(e->nodes);
}

static gnnac_status make_data(struct epochs *e, uint64_t seed, gnnac_error *err)
{
    int64_t n = e->info.n_nodes;
    size_t n_features = 0;
    if (size_mul((size_t)n, (size_t)e->info.in_dim, &n_features))
        e->x = alloc_array((int64_t)n_features, sizeof(*e->x));
    e->labels = alloc_array(n, sizeof(*e->labels));
    e->nodes = alloc_array(n, sizeof(*e->nodes));
    if (!e->x || !e->labels || !e->nodes)
        return FAIL(err, GNNAC_ENOMEM,
                    "out of memory for features of %lld x "
                    "%lld",
                    (long long)n, (long long)e->info.in_dim);
    rng_fill_normal(seed, e->x, (int64_t)n_features);
    for (int64_t v = 0; v < n; v++) {
        e->nodes[v] = (int32_t)v;
        e->labels[v] = (int32_t)rng_below(seed + 1, (uint64_t)v,
                                          (uint64_t)e->info.out_dim);
    }
    return GNNAC_OK;
}

static gnnac_status open_all(struct epochs *e, const struct options *o,
                             gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const gnnac_context_options context = {.struct_size = sizeof(context),
                                           .device = o->device,
                                           .n_threads = o->threads};
    const gnnac_train_options train = {.struct_size = sizeof(train),
                                       .weight_decay = 5e-4f};
    TRY(gnnac_bundle_open(o->args[0], &e->bundle, err));
    gnnac_bundle_get_info(e->bundle, &e->info);
    TRY(gnnac_context_create(&context, &e->ctx, err));
    TRY(gnnac_model_create(e->ctx, e->bundle, &e->model, err));
    TRY(gnnac_model_init_weights(e->model, o->seed, err));
    TRY(read_math(e->model, o, err));
    TRY(make_data(e, o->seed, err));
    const gnnac_features x = {.struct_size = sizeof(x), .dense = e->x};
    TRY(gnnac_trainer_create(e->model, &x, &train, &e->trainer, err));
out:
    return st;
}

// Asking for the loss waits for the device, so only the last epoch does.
static gnnac_status run(struct epochs *e, int64_t n, double *seconds,
                        gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    double begin = now_seconds();
    for (int64_t i = 0; st == GNNAC_OK && i < n; i++)
        st = gnnac_trainer_step(e->trainer, i ? NULL : e->labels,
                                i ? NULL : e->nodes, i ? 0 : e->info.n_nodes,
                                i + 1 == n ? &e->loss : NULL, err);
    *seconds = now_seconds() - begin;
    return st;
}

static gnnac_status measure(struct epochs *e, gnnac_error *err)
{
    double seconds;
    int lock = e->ctx->is_cuda ? gpu_lock_take(e->ctx->cuda, NULL) : -1;
    gnnac_status st = run(e, N_WARM_UP, &seconds, err);
    if (st == GNNAC_OK)
        st = run(e, e->n, &seconds, err);
    if (st == GNNAC_OK)
        e->mean_ms = seconds * 1e3 / (double)e->n;
    gpu_lock_release(lock);
    return st;
}

// What the artifact calls a dataset: the file's name without its folder and
// what follows the first dot.
static void print_csv(const struct epochs *e, const char *path)
{
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    printf("dataset,Avg.Epoch (ms)\n%.*s,%.3f\n", (int)strcspn(name, "."), name,
           e->mean_ms);
}

static gnnac_status print(const struct epochs *e, const struct options *o,
                          gnnac_error *err)
{
    const char *device = gnnac_context_device(e->ctx);
    if (o->json)
        return print_json_line(
            json_pack("{s:s, s:s, s:s, s:s, s:I, s:i, s:f, s:f, s:I}",
                      "protocol", o->protocol, "model", e->info.model, "device",
                      device, "math", math_used(e->model), "epochs",
                      (json_int_t)e->n, "warm_up", N_WARM_UP, "epoch_ms_mean",
                      e->mean_ms, "loss", (double)e->loss,
                      "nodes", (json_int_t)e->info.n_nodes),
            err);
    if (o->csv)
        print_csv(e, o->args[0]);
    else
        printf("%s on %s: %.3f ms an epoch, mean of %lld after %d to warm up\n",
               e->info.model, device, e->mean_ms, (long long)e->n, N_WARM_UP);
    return GNNAC_OK;
}

gnnac_status bench_epochs(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct epochs e = {.n = o->epochs ? o->epochs : EPOCHS};
    TRY(open_all(&e, o, err));
    TRY(measure(&e, err));
    TRY(print(&e, o, err));
out:
    epochs_finish(&e);
    return st;
}
