// gnnac convert IN OUT: between the graph forms.
#include "cli/cli.h"
#include "graph/load.h"
#include "cmd/graph_out.h"

gnnac_status cmd_convert(const struct options *o, gnnac_error *err)
{
    struct csr g;
    gnnac_status st = graph_load(o->args[0], &o->graph, &g, err);
    if (st != GNNAC_OK)
        return st;
    st = graph_out(o->args[1], &g, err);
    csr_finish(&g);
    return st;
}
