// Transfer: what the graphs most like this one say of its candidates. Asked
// where nothing can be timed; compiler/tune/README.md has the method.
#ifndef GNNAC_NEIGHBOURS_H
#define GNNAC_NEIGHBOURS_H

#include <stdbool.h>

#include "base/props.h"
#include "tune/variant.h"
#include "tunedb.h"

struct neighbours_request {
    const struct props *graph;
    const char *op;   // opspec.key
    const char *arch; // "sm_90": measured on such a GPU
    bool cold;        // its L2 cache, likewise
    const struct variant *variants;
    const int32_t *options; // variants[options[i]], i < n
    size_t n;
    size_t reference; // the option that is best by rules and cost model
};

struct neighbours_choice {
    size_t option;
    size_t n_graphs;     // that were asked
    char nearest[33];    // fingerprint of the nearest
    double distance;     // to it
    double slowdown;     // of the option, over each graph's best; 1: the best
    double of_reference; // likewise; NaN: not measured there
};

// True when the neighbours prefer an option to the reference: it was measured
// on most of them and takes less time there by more than 2 %, or the reference
// was not measured. What cannot be read counts as not there.
bool neighbours_choose(struct tunedb *db, const struct neighbours_request *rq,
                       struct neighbours_choice *out);

// What was fastest on one of the nearest graphs.
struct favourite {
    char family[64], knobs[256];
};
enum { MAX_FAVOURITES = 8 };

// Of the nearest graphs, this one included if there is a run of it, the nearest
// first; of the request only graph, op, arch and cold count. Returns how many.
size_t neighbours_favourites(struct tunedb *db,
                             const struct neighbours_request *rq,
                             struct favourite out[MAX_FAVOURITES]);

#endif
