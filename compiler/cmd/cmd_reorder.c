// gnnac reorder IN OUT --order X: the same graph under new ids.
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "checked.h"
#include "cli/cli.h"
#include "graph/load.h"
#include "graph/locality.h"
#include "graph/text.h"
#include "cmd/graph_out.h"
#include "order/orders.h"
#include "order/reorder_auto.h"

static gnnac_status check_usage(const struct options *o, gnnac_error *err)
{
    if (!o->order)
        return FAIL(err, GNNAC_EUSAGE, "reorder needs --order");
    gnnac_status st = reorder_check(o->order, err);
    if (st != GNNAC_OK)
        return st;
    if (o->perm && !path_has_suffix(o->perm, ".npy"))
        return FAIL(err, GNNAC_EUSAGE, "--perm %s: it is a .npy file that is "
                    "written",
                    o->perm);
    if (o->perm && strcmp(o->perm, o->args[1]) == 0)
        return FAIL(err, GNNAC_EUSAGE, "--perm %s: the graph goes there",
                    o->perm);
    return GNNAC_OK;
}

// What was won, for people.
static gnnac_status report(const struct csr *before, const struct csr *after,
                           const char *order, double seconds, gnnac_error *err)
{
    struct locality a, b;
    gnnac_status st = locality_measure(before, &a, err);
    if (st == GNNAC_OK)
        st = locality_measure(after, &b, err);
    if (st != GNNAC_OK)
        return st;
    double percent = before->n_edges ? 100 / (double)before->n_edges : 0;
    log_info("order %s in %.3f s: avg_log2_span %.2f -> %.2f, lru_miss_1k "
             "%.1f%% -> %.1f%%",
             order, seconds, a.avg_log2_span, b.avg_log2_span,
             percent * (double)a.lru_misses_small,
             percent * (double)b.lru_misses_small);
    return GNNAC_OK;
}

// The graph last: where the permutation cannot be written, nothing is.
static gnnac_status write_results(const struct options *o,
                                  const struct csr *g, const int32_t *perm,
                                  gnnac_error *err)
{
    struct atomic_file f = {0};
    gnnac_status st = GNNAC_OK;
    if (o->perm) {
        TRY(atomic_open(o->perm, &f, err));
        perm_write(f.out, perm, g->n_nodes);
    }
    TRY(graph_out(o->args[1], g, err));
    if (o->perm)
        TRY(atomic_commit(&f, err));
out:
    atomic_abandon(&f);
    return st;
}

static gnnac_status compute(const struct options *o, const struct csr *g,
                            int32_t *perm, const char **name, gnnac_error *err)
{
    *name = o->order;
    return order_compute(g, o->order, o->threads, perm, err);
}

static void report_choice(const struct options *o,
                          const struct reorder_choice *c)
{
    log_info("%s: %s", o->order, c->why);
    for (int i = 0; i < c->n_estimates; i++) {
        char text[128];
        reorder_estimate_text(&c->estimates[i], text, sizeof(text));
        log_verbose("%s", text);
    }
}

// A rule decides on an order.
static gnnac_status choose(const struct options *o, const struct csr *g,
                           int32_t *perm, const char **name, gnnac_error *err)
{
    const struct reorder_request rq = {
        .rule = o->order, .runs = o->runs, .n_threads = o->threads};
    struct reorder_choice c;
    gnnac_status st = reorder_choose(g, &rq, &c, err);
    if (st != GNNAC_OK)
        return st;
    report_choice(o, &c);
    *name = c.method;
    for (int64_t v = 0; v < g->n_nodes; v++)
        perm[v] = c.perm ? c.perm[v] : (int32_t)v;
    reorder_choice_finish(&c);
    return GNNAC_OK;
}

gnnac_status cmd_reorder(const struct options *o, gnnac_error *err)
{
    struct csr g = {0}, p = {0};
    int32_t *perm = NULL;
    gnnac_status st = check_usage(o, err);
    if (st != GNNAC_OK)
        return st;
    TRY(graph_load(o->args[0], &o->graph, &g, err));
    perm = alloc_array(g.n_nodes, sizeof(*perm));
    if (!perm) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    double begin = omp_get_wtime();
    const char *name;
    TRY((reorder_is_rule(o->order) ? choose : compute)(o, &g, perm, &name,
                                                       err));
    double seconds = omp_get_wtime() - begin;
    TRY(csr_permute(&g, perm, &p, err));
    if (!o->quiet)
        TRY(report(&g, &p, name, seconds, err));
    TRY(write_results(o, &p, perm, err));
out:
    csr_finish(&g);
    csr_finish(&p);
    free(perm);
    return st;
}
