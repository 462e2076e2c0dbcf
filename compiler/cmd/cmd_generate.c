// gnnac generate KIND -o OUT: a synthetic graph.
#include "base/log.h"
#include "cli/cli.h"
#include "graph/generate.h"
#include "graph/load.h"

gnnac_status cmd_generate(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct coo edges = {0};
    struct csr g = {0};
    const struct generate_options opt = {.kind = o->args[0],
                                         .nodes = o->graph.n_nodes,
                                         .edges = o->edges,
                                         .blocks = o->blocks,
                                         .seed = o->seed,
                                         .n_threads = o->threads};
    if (!o->output)
        return FAIL(err, GNNAC_EUSAGE, "generate needs -o OUT");
    TRY(graph_generate(&opt, &edges, err));
    TRY(csr_take_coo(&edges, &o->graph, &g, err));
    TRY(graph_save(o->output, &g, err));
    log_info("%s: %lld nodes, %lld edges", o->output, (long long)g.n_nodes,
             (long long)g.n_edges);
out:
    coo_finish(&edges);
    csr_finish(&g);
    return st;
}
