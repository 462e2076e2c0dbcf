// gnnac analyze GRAPH: its properties, as a table or as JSON.
#include <stdio.h>

#include "cli.h"
#include "graph/load.h"
#include "graph/stats.h"

gnnac_status cmd_analyze(const struct options *o, gnnac_error *err)
{
    struct csr g;
    static struct props p; // large, and one per process
    gnnac_status st = graph_load(o->args[0], &o->graph, &g, err);
    if (st != GNNAC_OK)
        return st;
    st = graph_stats(&g, o->threads, &p, err);
    csr_finish(&g);
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
