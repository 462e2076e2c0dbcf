#include "training/train_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "backend.h"
#include "checked.h"
#include "cli/requests.h"
#include "graph/text.h"
#include "train/trainer.h"
#include "training/train_bundle.h"

void session_finish(struct session *s)
{
    free(s->y);
    gnnac_trainer_destroy(s->trainer);
    gnnac_model_destroy(s->model);
    gnnac_context_destroy(s->ctx);
    gnnac_bundle_close(s->bundle);
    dataset_finish(&s->data);
    *s = (struct session){0};
}

// ---- options ----------------------------------------------------------------

static gnnac_status check_attention(const struct options *o, const char *model,
                                    gnnac_error *err)
{
    bool attends = strcmp(model, "gat") == 0 || strcmp(model, "gatv2") == 0;
    return o->attention_dropout.given && !attends
               ? FAIL(err, GNNAC_EUSAGE,
                      "--attention-dropout is for gat and gatv2 only")
               : GNNAC_OK;
}

// Two outputs of one name, which may not be there yet.
static gnnac_status check_outputs(const struct options *o, gnnac_error *err)
{
    if (o->output && o->state &&
        (strcmp(o->output, o->state) == 0 || same_file(o->output, o->state)))
        return FAIL(err, GNNAC_EUSAGE,
                    "--output and --state are one file: %s", o->state);
    return GNNAC_OK;
}

// A bundle's model is known once it is open.
static gnnac_status check_options(const struct options *o, gnnac_error *err)
{
    if (o->lr.given && o->lr.value == 0)
        return FAIL(err, GNNAC_EUSAGE, "--lr 0: nothing would be learnt");
    if (o->resume && o->weights)
        return FAIL(err, GNNAC_EUSAGE,
                    "--resume and --weights exclude one another");
    gnnac_status st = check_outputs(o, err);
    if (st != GNNAC_OK)
        return st;
    return path_has_suffix(o->args[0], ".gnnb")
               ? GNNAC_OK
               : check_attention(o, requested_network(o, 0, 0).name, err);
}

// ---- data -------------------------------------------------------------------

static gnnac_status find_data(const struct options *o, char *path,
                              size_t n_bytes, gnnac_error *err)
{
    const char *graph = o->args[0];
    bool npz = path_has_suffix(graph, ".npz");
    snprintf(path, n_bytes, "%s", o->data ? o->data : graph);
    if (o->data || (npz && dataset_has_labels(graph)))
        return GNNAC_OK;
    snprintf(path, n_bytes, "%.*s.feat.npz",
             (int)(strlen(graph) - (npz ? 4 : 0)), graph);
    if (npz && access(path, R_OK) == 0)
        return GNNAC_OK;
    return FAIL(err, GNNAC_EUSAGE,
                "--data is missing: an .npz file with features and labels");
}

static gnnac_status load_data(struct session *s, const struct options *o,
                              gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    char path[1024];
    TRY(find_data(o, path, sizeof(path), err));
    TRY(dataset_load(path, s->hyper.labels, &s->data, err));
    s->hyper.train.loss = s->data.many ? GNNAC_BCE : GNNAC_CROSS_ENTROPY;
    bool has = s->data.split[SPLIT_TRAIN].nodes;
    if (!has && strcmp(o->split, "file") == 0)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 0: no split in it", path);
    if (!has || strcmp(o->split, "random") == 0)
        TRY(dataset_draw_split(&s->data, o->seed, err));
    if (s->data.split[SPLIT_TRAIN].n == 0)
        return FAIL(err, GNNAC_EFORMAT, "%s: byte 0: no training nodes", path);
    if (s->hyper.normalize)
        dataset_normalize(&s->data);
out:
    return st;
}

// ---- network ----------------------------------------------------------------

static gnnac_status bundle_of_graph(struct session *s, const struct options *o,
                                    gnnac_error *err)
{
    struct model_request rq =
        requested_network(o, s->data.dim, s->data.n_classes);
    rq.logits = s->data.many;
    return s->ctx->is_cuda ? train_bundle_compile(&rq, o, &s->bundle, err)
                           : train_bundle_make(&rq, o, &s->bundle, err);
}

static gnnac_status refuse_shape(const struct options *o, gnnac_error *err)
{
    if (o->model || o->hidden || o->layers || o->mlp || o->heads || o->residual)
        return FAIL(err, GNNAC_EUSAGE,
                    "--model, --hidden, --layers, --mlp, --heads and "
                    "--residual are for graphs: the bundle has its model");
    return GNNAC_OK;
}

// The trainer would refuse it, too, but knows neither file nor option.
static gnnac_status refuse_16_bits(const struct manifest *m, const char *path,
                                   gnnac_error *err)
{
    enum dtype dtype = m->model.dtype;
    return dtype == DTYPE_F32
               ? GNNAC_OK
               : FAIL(err, GNNAC_EUNSUPPORTED,
                      "%s: of --dtype %s: training works on f32", path,
                      dtype_name(dtype));
}

static gnnac_status refuse_atomics(const struct manifest *m,
                                   const struct options *o, gnnac_error *err)
{
    for (int32_t i = 0; o->deterministic && i < m->n_kernels; i++)
        if (m->kernels[i].atomics)
            return FAIL(err, GNNAC_EUSAGE,
                        "%s: has kernels with atomics: compile it with "
                        "--deterministic",
                        o->args[0]);
    return GNNAC_OK;
}

static gnnac_status refuse_probabilities(const struct session *s,
                                         const char *path, gnnac_error *err)
{
    return s->data.many && s->bundle->manifest->model.log_softmax
               ? FAIL(err, GNNAC_EUNSUPPORTED,
                      "%s: ends in log-softmax, but labels of many classes a "
                      "node take logits: compile it with --logits",
                      path)
               : GNNAC_OK;
}

// Classes without a label may be outputs, too; of a matrix each has a column.
static bool classes_fit(const struct session *s)
{
    int64_t n = s->data.n_classes;
    return s->data.many ? s->info.out_dim == n : s->info.out_dim >= n;
}

static gnnac_status open_bundle(struct session *s, const struct options *o,
                                gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct dataset *d = &s->data;
    if (path_has_suffix(o->args[0], ".gnnb")) {
        TRY(refuse_shape(o, err));
        TRY(gnnac_bundle_open(o->args[0], &s->bundle, err));
        TRY(refuse_16_bits(s->bundle->manifest, o->args[0], err));
        TRY(refuse_atomics(s->bundle->manifest, o, err));
        TRY(refuse_probabilities(s, o->args[0], err));
    } else {
        TRY(bundle_of_graph(s, o, err));
    }
    gnnac_bundle_get_info(s->bundle, &s->info);
    if (s->info.n_nodes != d->n_nodes || s->info.in_dim != d->dim ||
        !classes_fit(s))
        st = FAIL(err, GNNAC_EFORMAT,
                  "%s: the data has %lld nodes, %d columns, %d classes, the "
                  "model %lld, %lld and %lld",
                  o->args[0], (long long)d->n_nodes, (int)d->dim,
                  (int)d->n_classes, (long long)s->info.n_nodes,
                  (long long)s->info.in_dim, (long long)s->info.out_dim);
out:
    return st;
}

// ---- trainer ----------------------------------------------------------------

static gnnac_status open_context(struct session *s, const char *device,
                                 const struct options *o, gnnac_error *err)
{
    const gnnac_context_options c = {
        .struct_size = sizeof(c), .device = device, .n_threads = o->threads};
    gnnac_context_destroy(s->ctx);
    s->ctx = NULL;
    return gnnac_context_create(&c, &s->ctx, err);
}

// A bundle without kernels for training trains on the CPU, unless a GPU was
// asked for.
static gnnac_status suit_device(struct session *s, const struct options *o,
                                gnnac_error *err)
{
    bool asked = strcmp(o->device, "auto") != 0;
    if (!s->ctx->is_cuda || asked || s->bundle->manifest->training.rules[0])
        return GNNAC_OK;
    log_info("%s has no kernels for training (compile --train): on the CPU",
             o->args[0]);
    return open_context(s, "cpu", o, err);
}

static void say_form(const struct session *s)
{
    const struct program *p = &s->bundle->manifest->program;
    int64_t most = features_most_entries(p, s->info.n_nodes);
    double elements = (double)s->info.n_nodes * (double)s->info.in_dim;
    if (most < 0)
        log_verbose("features: dense, as %s", program_needs_dense(p));
    else
        log_verbose("features: %s; sparse rows pay up to %.1f %% of elements",
                    s->trainer->sparse_x ? "by sparse rows" : "dense",
                    100 * (double)most / elements);
}

static gnnac_status open_trainer(struct session *s, const struct options *o,
                                 gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct dataset *d = &s->data;
    const gnnac_features x = dataset_features(d, read_form(o));
    TRY(gnnac_model_create(s->ctx, s->bundle, &s->model, err));
    TRY(read_math(s->model, o, err));
    TRY(read_weights(s->model, o, err));
    TRY(gnnac_trainer_create(s->model, &x, &s->hyper.train, &s->trainer, err));
    say_form(s);
    if (o->resume)
        TRY(gnnac_trainer_load(s->trainer, o->resume, err));
    s->y = alloc_array(s->info.n_nodes * s->info.out_dim, sizeof(float));
    if (!s->y)
        st = FAIL(err, GNNAC_ENOMEM, "out of memory for the output");
out:
    return st;
}

// Every epoch is as good as the last one then.
static void say_unwatched(struct session *s)
{
    if (s->data.split[SPLIT_VAL].n > 0)
        return;
    if (!s->hyper.keep_last || s->hyper.patience)
        log_warn("no nodes to validate by: the last weights are kept%s",
                 s->hyper.patience ? ", and --patience does nothing" : "");
    s->hyper.keep_last = true;
}

gnnac_status session_open(struct session *s, const struct options *o,
                          gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    TRY(check_options(o, err));
    read_hyper(o, &s->hyper);
    TRY(load_data(s, o, err));
    TRY(open_context(s, o->device, o, err));
    TRY(open_bundle(s, o, err));
    TRY(check_attention(o, s->info.model, err));
    TRY(suit_device(s, o, err));
    TRY(open_trainer(s, o, err));
    log_info("%s: %lld nodes to learn from, %lld to validate, %lld to test",
             s->info.model, (long long)s->data.split[SPLIT_TRAIN].n,
             (long long)s->data.split[SPLIT_VAL].n,
             (long long)s->data.split[SPLIT_TEST].n);
    say_unwatched(s);
out:
    return st;
}
