// A tuning database whose timings are made up by timings_formula.h: graphs of
// three kinds, several widths, a device that does not exist.
#ifndef GNNAC_TIMINGS_FIXTURE_H
#define GNNAC_TIMINGS_FIXTURE_H

#include <stdlib.h>

#include "base/file.h"
#include "emit/tmpl.h"
#include "plan/rules.h"
#include "timings_formula.h"
#include "tune/analysis.h"

#define SYNTHETIC_DEVICE "synthetic sm_90 compute_75"

struct timings_request {
    int n_graphs;
    bool no_properties; // of the graphs: as an old database
    bool no_default;    // without the points that default.lua proposes
};

static const int timings_widths[] = {4, 16, 64, 128};
enum { N_TIMINGS_WIDTHS = 4, MAX_TIMINGS_ROWS = MAX_CANDIDATES + 64 };

struct timings_bench {
    struct catalog *catalog;
    struct ruleset *rules;
    struct decision *decision;
    size_t n_rows;
    struct measurement_row rows[MAX_TIMINGS_ROWS];
    char knobs[MAX_TIMINGS_ROWS][256];
};

static inline void timings_add(struct timings_bench *b,
                               const struct candidate *c, double ns)
{
    char knobs[256];
    candidate_text(c, knobs, sizeof(knobs));
    for (size_t i = 0; i < b->n_rows; i++)
        if (strcmp(b->rows[i].family, c->family->name) == 0 &&
            strcmp(b->rows[i].knobs, knobs) == 0)
            return;
    strcpy(b->knobs[b->n_rows], knobs);
    b->rows[b->n_rows] = (struct measurement_row){.family = c->family->name,
                                                  .knobs = b->knobs[b->n_rows],
                                                  .status = "ok",
                                                  .n_samples = 9,
                                                  .median_ns = ns,
                                                  .p20_ns = 0.99 * ns,
                                                  .p80_ns = 1.01 * ns,
                                                  .max_error = 0.5,
                                                  .registers = 32,
                                                  .spill_bytes = 0};
    b->n_rows++;
}

// Points beside those of the rules, the same for every question.
static inline gnnac_status timings_add_fixed(struct timings_bench *b,
                                             const struct props *graph,
                                             int width, gnnac_error *err)
{
    static const char *const points[][3] = {
        {"template=row_split", "dimWorker=4", "edgeWorker=4"},
        {"template=row_split", "dimWorker=16", "edgeWorker=2"},
        {"template=row_split", "dimWorker=32", "edgeWorker=1"},
        {"template=neighbor_group", "dimWorker=4", "partSize=64"},
        {"template=neighbor_group", "dimWorker=16", "partSize=64"},
        {"template=neighbor_group", "dimWorker=32", "partSize=64"},
        {"template=edge_balanced", "dimWorker=4", "edgesPerWarp=128"},
        {"template=edge_balanced", "dimWorker=16", "edgesPerWarp=128"},
        {"template=edge_balanced", "dimWorker=32", "edgesPerWarp=128"},
    };
    gnnac_status st = GNNAC_OK;
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        struct candidate c;
        st = candidate_from_settings(catalog_families(b->catalog), "aggregate",
                                     points[i], 3, &c, err);
        if (st != GNNAC_OK)
            return st;
        timings_add(b, &c, timings_ns(&c, graph, width));
    }
    return st;
}

static inline gnnac_status timings_add_proposed(struct timings_bench *b,
                                                const struct props *graph,
                                                int width, gnnac_error *err)
{
    struct props layer = {0}, device = {0};
    props_int(&layer, "layer.agg_dim", width);
    schema_complete(&layer, "layer");
    schema_complete(&device, "device");
    gnnac_status st = ruleset_decide(b->rules, "aggregate", graph, &layer,
                                     &device, b->decision, err);
    for (size_t i = 0; st == GNNAC_OK && i < b->decision->n_candidates; i++) {
        const struct candidate *c = &b->decision->candidates[i];
        timings_add(b, c, timings_ns(c, graph, width));
    }
    return st;
}

static inline gnnac_status timings_put(struct timings_bench *b,
                                       struct tunedb *db,
                                       const struct props *graph, int width,
                                       gnnac_error *err)
{
    char op[512];
    snprintf(op, sizeof(op),
             "v1 aggregate f32 layer=0/gcn in=%d out=%d dim=%d pitch=%d,%d,%d "
             "norm=gcn self=gcn bias=1 act=relu offset=32 forward",
             width, width, width, width, width, width);
    const struct decision_key key = {
        props_find(graph, "graph.fingerprint")->text, op, SYNTHETIC_DEVICE,
        "synthetic", "00000000000000000000000000000000"};
    return tunedb_put_measurements(db, &key, b->rows, b->n_rows, err);
}

static inline gnnac_status timings_of_graph(struct timings_bench *b,
                                            const struct timings_request *rq,
                                            int i, struct tunedb *db,
                                            gnnac_error *err)
{
    char key[128];
    struct props graph;
    gnnac_status st = GNNAC_OK;
    timings_graph(i, &graph);
    snprintf(key, sizeof(key), "subject v1 graph=%s",
             props_find(&graph, "graph.fingerprint")->text);
    if (!rq->no_properties)
        st = analysis_remember(db, key, &graph, err);
    for (int w = 0; w < N_TIMINGS_WIDTHS && st == GNNAC_OK; w++) {
        b->n_rows = 0;
        st = timings_add_fixed(b, &graph, timings_widths[w], err);
        if (st == GNNAC_OK && !rq->no_default)
            st = timings_add_proposed(b, &graph, timings_widths[w], err);
        if (st == GNNAC_OK)
            st = timings_put(b, db, &graph, timings_widths[w], err);
    }
    return st;
}

static inline gnnac_status timings_open(struct timings_bench *b,
                                        gnnac_error *err)
{
    char path[600], *dirs[16];
    const char *root = getenv("GNNAC_SOURCE_ROOT");
    size_t n = data_dirs("templates", dirs, 16);
    gnnac_status st =
        catalog_open((const char *const *)dirs, n, &b->catalog, err);
    for (size_t i = 0; i < n; i++)
        free(dirs[i]);
    if (st == GNNAC_OK)
        st = ruleset_create(catalog_families(b->catalog), &b->rules, err);
    snprintf(path, sizeof(path), "%s/rules/default.lua", root ? root : ".");
    if (st == GNNAC_OK)
        st = ruleset_load(b->rules, path, err);
    return st;
}

static inline gnnac_status timings_fill(struct tunedb *db,
                                        const struct timings_request *rq,
                                        gnnac_error *err)
{
    struct timings_bench *b = calloc(1, sizeof(*b));
    struct decision *d = calloc(1, sizeof(*d));
    if (!b || !d)
        abort();
    b->decision = d;
    gnnac_status st = timings_open(b, err);
    for (int i = 0; i < rq->n_graphs && st == GNNAC_OK; i++)
        st = timings_of_graph(b, rq, i, db, err);
    ruleset_destroy(b->rules);
    catalog_close(b->catalog);
    free(d);
    free(b);
    return st;
}

#endif
