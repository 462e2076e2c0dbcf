// gnnac analyze GRAPH: its properties, as a table or as JSON.
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "cli/cli.h"
#include "graph/load.h"
#include "graph/stats.h"
#include "order/community.h"
#include "order/triangles.h"
#include "tune/analysis.h"
#include "tune/paths.h"

static gnnac_status measure(const struct options *o, const struct csr *g,
                            struct props *p, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct partition found = {0};
    TRY(graph_stats(g, o->threads, p, err));
    TRY(community_props(g, o->community, o->threads, p,
                        o->communities ? &found : NULL, err));
    if (o->triangles)
        TRY(triangle_props(g, o->threads, p, err));
    if (o->communities)
        TRY(communities_save(o->communities, &found, err));
out:
    partition_finish(&found);
    return st;
}

static gnnac_status analyze(const struct options *o, struct props *p,
                            gnnac_error *err)
{
    struct csr g;
    gnnac_status st = graph_load(o->args[0], &o->graph, &g, err);
    if (st != GNNAC_OK)
        return st;
    st = measure(o, &g, p, err);
    csr_finish(&g);
    return st;
}

// NULL with a warning: the analysis is then as if it had not been asked for
// from the database.
static struct tunedb *open_database(const struct options *o)
{
    struct tunedb *db = NULL;
    gnnac_error why = {{0}};
    char *path = o->no_db ? NULL : database_path(o->db, "tune.db");
    if (path && tunedb_open(path, &db, &why) != GNNAC_OK)
        log_warn("nothing is recalled: %s", why.msg);
    free(path);
    return db;
}

static gnnac_status analyze_cached(const struct options *o, struct props *p,
                                   gnnac_error *err)
{
    const struct analysis_request r = {o->args[0], &o->graph, o->community,
                                       o->triangles};
    char key[ANALYSIS_KEY_BYTES];
    gnnac_error why = {{0}};
    gnnac_status st = GNNAC_OK;
    struct tunedb *db = open_database(o);
    if (!db)
        return analyze(o, p, err);
    TRY(analysis_key(&r, key, err));
    // The communities themselves are not kept.
    if (!o->communities && analysis_recall(db, key, p)) {
        log_verbose("%s: from the tuning database", o->args[0]);
        goto out;
    }
    TRY(analyze(o, p, err));
    if (!tunedb_is_read_only(db) &&
        analysis_remember(db, key, p, &why) != GNNAC_OK)
        log_warn("the analysis is not remembered: %s", why.msg);
out:
    tunedb_close(db);
    return st;
}

gnnac_status cmd_analyze(const struct options *o, gnnac_error *err)
{
    static struct props p; // large, and one per process
    gnnac_status st = o->cached ? analyze_cached(o, &p, err)
                                : analyze(o, &p, err);
    if (st != GNNAC_OK)
        return st;
    if (o->json) {
        props_print_json(&p, stdout);
        putchar('\n');
    } else {
        props_print_table(&p, stdout);
    }
    return GNNAC_OK;
}
