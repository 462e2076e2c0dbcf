#include "train_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "bundle/bundle.h"
#include "checked.h"
#include "compile_common.h"
#include "graph/load.h"
#include "graph/text.h"
#include "plan/lower.h"

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

static gnnac_status check_options(const struct options *o, gnnac_error *err)
{
    if (strncmp(o->device, "cuda", 4) == 0)
        return FAIL(err, GNNAC_EUSAGE,
                    "--device %s: training runs on the CPU only so far",
                    o->device);
    if (o->lr.given && o->lr.value == 0)
        return FAIL(err, GNNAC_EUSAGE, "--lr 0: nothing would be learnt");
    if (o->resume && o->weights)
        return FAIL(err, GNNAC_EUSAGE,
                    "--resume and --weights exclude one another");
    return GNNAC_OK;
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
    TRY(dataset_load(path, &s->data, err));
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

// A graph and a model as a bundle that never was a file, without kernels.
static gnnac_status make_bundle(const struct model_request *rq, struct csr *g,
                                gnnac_bundle **out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    gnnac_bundle *b = calloc(1, sizeof(*b));
    struct manifest *m = calloc(1, sizeof(*m));
    struct csr stored = {0};
    if (!b || !m) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    TRY(model_build(rq, &m->model, err));
    csr_fingerprint(g, m->fingerprint);
    m->n_edges = g->n_edges;
    if (conv_adds_self_loops(m->model.layers[0].op)) {
        TRY(csr_drop_self_loops(g, &stored, err));
        csr_finish(g);
        *g = stored;
    }
    m->n_nodes = g->n_nodes;
    m->n_stored_edges = g->n_edges;
    m->self_loops_removed = g->n_edges < m->n_edges;
    TRY(lower_model(&m->model, m->n_nodes, g->n_edges, &m->program, err));
    b->rowptr = b->rowptr_copy = g->rowptr;
    b->colidx = b->colidx_copy = g->colidx;
    b->manifest = m;
    g->rowptr = NULL; // they are the bundle's now
    g->colidx = NULL;
    *out = b;
    b = NULL;
    m = NULL;
out:
    free(m);
    free(b);
    return st;
}

static gnnac_status bundle_of_graph(struct session *s, const struct options *o,
                                    gnnac_error *err)
{
    struct csr g = {0};
    const struct model_request rq =
        requested_network(o, s->data.dim, s->data.n_classes);
    gnnac_status st = graph_load(o->args[0], &o->graph, &g, err);
    if (st == GNNAC_OK)
        st = make_bundle(&rq, &g, &s->bundle, err);
    csr_finish(&g);
    return st;
}

static gnnac_status refuse_shape(const struct options *o, gnnac_error *err)
{
    if (o->model || o->hidden || o->layers || o->mlp || o->heads)
        return FAIL(err, GNNAC_EUSAGE,
                    "--model, --hidden, --layers, --mlp and --heads are for "
                    "graphs: the bundle has its model");
    return GNNAC_OK;
}

static gnnac_status open_bundle(struct session *s, const struct options *o,
                                gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct dataset *d = &s->data;
    if (path_has_suffix(o->args[0], ".gnnb")) {
        TRY(refuse_shape(o, err));
        TRY(gnnac_bundle_open(o->args[0], &s->bundle, err));
    } else {
        TRY(bundle_of_graph(s, o, err));
    }
    gnnac_bundle_get_info(s->bundle, &s->info);
    if (s->info.n_nodes != d->n_nodes || s->info.in_dim != d->dim ||
        s->info.out_dim < d->n_classes)
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

static gnnac_status open_trainer(struct session *s, const struct options *o,
                                 gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct dataset *d = &s->data;
    const gnnac_features x = {.struct_size = sizeof(x),
                              .dense = d->dense,
                              .rowptr = d->rowptr,
                              .colidx = d->colidx,
                              .values = d->values};
    gnnac_context_options c = {
        .struct_size = sizeof(c), .device = "cpu", .n_threads = o->threads};
    TRY(gnnac_context_create(&c, &s->ctx, err));
    TRY(gnnac_model_create(s->ctx, s->bundle, &s->model, err));
    TRY(read_weights(s->model, o, err));
    TRY(gnnac_trainer_create(s->model, &x, &s->hyper.train, &s->trainer, err));
    if (o->resume)
        TRY(gnnac_trainer_load(s->trainer, o->resume, err));
    s->y = alloc_array(s->info.n_nodes * s->info.out_dim, sizeof(float));
    if (!s->y)
        st = FAIL(err, GNNAC_ENOMEM, "out of memory for the output");
out:
    return st;
}

gnnac_status session_open(struct session *s, const struct options *o,
                          gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    TRY(check_options(o, err));
    read_hyper(o, &s->hyper);
    TRY(load_data(s, o, err));
    TRY(open_bundle(s, o, err));
    if (o->attention_dropout.given && strcmp(s->info.model, "gat") != 0)
        return FAIL(err, GNNAC_EUSAGE, "--attention-dropout is for gat only");
    TRY(open_trainer(s, o, err));
    log_info("%s: %lld nodes to learn from, %lld to validate, %lld to test",
             s->info.model, (long long)s->data.split[SPLIT_TRAIN].n,
             (long long)s->data.split[SPLIT_VAL].n,
             (long long)s->data.split[SPLIT_TEST].n);
out:
    return st;
}
