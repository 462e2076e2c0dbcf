#include "training/train_bundle.h"

#include <stdlib.h>

#include "bundle/bundle.h"
#include "cli/requests.h"
#include "graph/load.h"
#include "plan/scaled_rows.h"
#include "tune/assemble.h"

// ---- on the CPU -------------------------------------------------------------

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
    program_scale_rows(&m->program); // as in a compiled bundle: the same bits
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

gnnac_status train_bundle_make(const struct model_request *rq,
                               const struct options *o, gnnac_bundle **out,
                               gnnac_error *err)
{
    struct csr g = {0};
    gnnac_status st = graph_load(o->args[0], &o->graph, &g, err);
    if (st == GNNAC_OK)
        st = make_bundle(rq, &g, out, err);
    csr_finish(&g);
    return st;
}

// ---- on a GPU ---------------------------------------------------------------

gnnac_status train_bundle_compile(const struct model_request *rq,
                                  const struct options *o, gnnac_bundle **out,
                                  gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct workbench wb = {0};
    struct workbench_request request;
    struct assembly a = {0};
    const struct assemble_request what = {
        .graph = o->args[0], .options = &o->graph, .model = rq, .train = true};
    read_workbench_request(o, &request);
    request.no_ptx = true; // it is for the GPU at hand alone
    TRY(workbench_open(&request, &wb, err));
    TRY(assemble(&wb, &what, &a, err));
    TRY(assembly_open(&a, out, err));
out:
    assembly_finish(&a);
    workbench_close(&wb);
    return st;
}
