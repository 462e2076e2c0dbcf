// gnnac convert IN OUT: between the graph forms.
#include "base/log.h"
#include "cli.h"
#include "graph/load.h"
#include "graph/text.h"

gnnac_status cmd_convert(const struct options *o, gnnac_error *err)
{
    struct csr g;
    const char *to = o->args[1];
    gnnac_status st = graph_load(o->args[0], &o->graph, &g, err);
    if (st != GNNAC_OK)
        return st;
    bool binary = path_has_suffix(to, ".npy") || path_has_suffix(to, ".npz");
    if (g.weight && binary)
        log_warn("%s: edge weights are left out: this form has no place for "
                 "them (.mtx and text have)",
                 to);
    st = graph_save(to, &g, err);
    if (st == GNNAC_OK)
        log_info("%s: %lld nodes, %lld edges", to, (long long)g.n_nodes,
                 (long long)g.n_edges);
    csr_finish(&g);
    return st;
}
