// The whole way from a graph file and a model's name to what a bundle holds.
// compile writes the result, explain prints it.
#ifndef GNNAC_ASSEMBLE_H
#define GNNAC_ASSEMBLE_H

#include "graph/csr.h"
#include "plan/lower.h"
#include "tune/select.h"

struct assembly {
    struct csr full, without_loops; // the second only if the first has loops
    struct graph_input graph;
    struct manifest *manifest; // owned; complete
    struct selection *selection; // owned
};

// `graph_path` is loaded with `opt`. On failure `out` is empty.
gnnac_status assemble(struct workbench *wb, const char *graph_path,
                      const struct graph_options *opt,
                      const struct model_request *model, struct assembly *out,
                      gnnac_error *err);
void assembly_finish(struct assembly *a);

// The bundle file of a finished assembly.
gnnac_status assembly_write(const struct assembly *a, const char *path,
                            gnnac_error *err);

#endif
