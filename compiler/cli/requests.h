// What several commands read from the command line, and how results leave as
// JSON.
#ifndef GNNAC_REQUESTS_H
#define GNNAC_REQUESTS_H

#include <jansson.h>

#include "cli/cli.h"
#include "plan/lower.h"
#include "tune/assemble.h"
#include "tune/workbench.h"

// --model --dim --hidden --classes --layers --mlp --heads --residual --logits
// --dtype. Says so on stderr when a width is a default. GNNAC_EUSAGE without a
// model.
gnnac_status read_model_request(const struct options *o,
                                struct model_request *out, gnnac_error *err);

// A model as above, or --ops, whose operators have no layers and the caller's
// node order: *model then has the name "ops". GNNAC_EUSAGE.
gnnac_status read_subject(const struct options *o, struct model_request *model,
                          gnnac_error *err);

// --device --arch --db --no-db --tune --l2 --rules --set --no-fuse --threads.
void read_workbench_request(const struct options *o,
                            struct workbench_request *out);

// The graph file, how it is read, --ops --reorder --runs --train --sparse; a
// command that lacks an option has its default. Borrows `o` and `model`.
struct assemble_request read_assemble_request(
    const struct options *o, const struct model_request *model);

// --weights, else drawn from --seed.
gnnac_status read_weights(gnnac_model *m, const struct options *o,
                          gnnac_error *err);

// --form.
gnnac_form read_form(const struct options *o);

// --math. Says so where the device takes no notice.
gnnac_status read_math(gnnac_model *m, const struct options *o,
                       gnnac_error *err);
// What the model's device computes in, as --math names it.
const char *math_used(const gnnac_model *m);

// The number; null where it is none, or infinite, which JSON cannot say.
json_t *real_json(double x);

// {"method", "why"}; null where nobody asked for an order.
json_t *reordering_json(const struct reordering *r);

// One line of JSON on stdout; frees `j` (NULL: out of memory).
gnnac_status print_json_line(json_t *j, gnnac_error *err);

#endif
