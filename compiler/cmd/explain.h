// How the kernel of a step was chosen, in all that is known of it: every rule
// with what it compared, what it added and what became of its points, the level
// of the look-up, and the timings on record.
#ifndef GNNAC_EXPLAIN_H
#define GNNAC_EXPLAIN_H

#include <jansson.h>

#include "tune/select.h"

// A selection that was made with request.explain, and what it was made for.
struct explained {
    struct workbench *wb;
    const struct model *model;
    const struct program *program;
    const struct graph_input *graph;
    const struct selection *selection;
    const struct operators *operators; // of which the layers are; or NULL
};

// Every step that has a kernel, in order. New reference. GNNAC_ENOMEM; what
// cannot be read from the database is left out with a warning.
gnnac_status explain_steps(const struct explained *e, json_t **out,
                           gnnac_error *err);

// One of them, for people.
void explain_print_step(const json_t *step);

#endif
