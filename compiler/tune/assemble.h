// The whole way from a graph file and a model's name to what a bundle holds.
// compile writes the result, explain prints it.
#ifndef GNNAC_ASSEMBLE_H
#define GNNAC_ASSEMBLE_H

#include "graph/csr.h"
#include "plan/lower.h"
#include "tune/reorder.h"
#include "tune/select.h"

// What to compile. Strings must outlive the assembly.
struct assemble_request {
    const char *graph; // a file
    const struct graph_options *options; // how to read it
    const struct model_request *model;
    const char *operators; // "sum:64,sddmm:8x8", instead of a model; or NULL
    const char *reorder; // as in reorder.h; NULL: the file's order
    int64_t runs;        // passes that a rule weighs an order by; 0: default
    bool train;          // kernels for training on a GPU, too
    bool sparse;         // kernels for features by sparse rows, too
    bool whole;          // one for all steps of the model, too
};

// Operators as one program, one after the other: operator i is layer i.
struct lowered_operators {
    struct model like; // what rules see them as layers of
    struct program p, halves[2]; // halves: of the graph, of it turned round;
                                 // steps of the other count as answered
    struct graph_input turned;   // which the second half was asked about
};

struct assembly {
    struct csr full, without_loops; // the second only if the first has loops;
                                    // both in the order they will run in
    struct graph_order order;
    char fingerprint[33]; // of the graph as loaded, in the input's order
    struct graph_input graph;
    struct manifest *manifest; // owned; complete
    struct selection *selection; // owned
    // Of training's forward, where that is not the model's; of steps over the
    // graph turned round; of products of sparse features. Owned; NULL where
    // there are none.
    struct selection *forward_selection, *train_selection, *sparse_selection;
    struct program *sparse_program; // which those products are steps of; owned
    // Of one kernel for all steps, the last of this program; owned; NULL where
    // none was asked for.
    struct program *whole_program;
    struct selection *whole_selection;
    struct lowered_operators *lowered; // owned; NULL: a model
};

// On failure `out` is empty.
gnnac_status assemble(struct workbench *wb, const struct assemble_request *rq,
                      struct assembly *out, gnnac_error *err);
void assembly_finish(struct assembly *a);

// Of all its kernels, those over the graph turned round included.
struct select_report assembly_report(const struct assembly *a);

// The bundle file of a finished assembly.
gnnac_status assembly_write(const struct assembly *a, const char *path,
                            gnnac_error *err);
// The bundle itself, without a file.
gnnac_status assembly_open(const struct assembly *a, gnnac_bundle **out,
                           gnnac_error *err);

#endif
