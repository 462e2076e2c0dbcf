// What select.c and select_decide.c share.
#ifndef GNNAC_SELECT_STATE_H
#define GNNAC_SELECT_STATE_H

#include "plan/opspec.h"
#include "tune/select.h"

// One step that needs a kernel, and the variants that may serve it.
struct question {
    int32_t step;
    struct opspec op;
    bool recalled;         // answered by the database
    int32_t answer;        // index of a variant
    int32_t incumbent;     // what the database had, to be timed anew; or -1
    struct origin from;    // of the answer
    double median_ns;      // of the answer, as timed for this step; or NaN
    bool nearest;          // graphs like this one overruled the ranking
    size_t n_options;
    int32_t options[MAX_CANDIDATES]; // indices of variants, each once
    struct origin *origins; // owned; parallel to options
};

struct selector {
    struct workbench *wb;
    struct graph_input *graph;
    struct selection *sel;
    size_t n_questions, capacity;
    struct question *questions;
};

// The option that is best without timing; n_options when none is usable.
size_t question_rank(const struct selector *s, const struct question *q);

// The answer: who won the race, where there was one, else who did best on the
// nearest graphs, else who ranks first.
gnnac_status question_decide(struct selector *s, struct question *q,
                             gnnac_error *err);

// The rung of the look-up that gave the answer: "tune.db", "timed", "nearest",
// "settings" or "rules".
const char *question_level(const struct selector *s, const struct question *q);

#endif
