// What select.c and select_*.c share.
#ifndef GNNAC_SELECT_STATE_H
#define GNNAC_SELECT_STATE_H

#include "plan/opspec.h"
#include "tune/select.h"
#include "tune/space.h"

// One step that needs a kernel, and the variants that may serve it.
struct question {
    int32_t step;
    struct opspec op;
    bool recalled;         // answered by the database
    int32_t answer;        // index of a variant
    int32_t incumbent;     // what the database had, to be timed anew; or -1
    struct origin from;    // of the answer
    double median_ns;      // of the answer, as timed for this step; or NaN
    bool others;           // another tuner's: neither timed nor kept
    bool recorded;         // all points' times are kept (question_record)
    bool nearest;          // graphs like this one overruled the ranking
    size_t n_options;
    int32_t options[MAX_CANDIDATES]; // indices of variants, each once
    struct origin *origins; // owned; parallel to options
    struct space space; // searched, as it has no room in the options; or empty
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

// The option that would be the answer without timing, as far as is known: that
// what is not compiled compiles, and without spilling, is taken for granted.
size_t question_prefer(const struct selector *s, const struct question *q);

// Emits one candidate as a variant and an option, each once. A point that the
// template refuses for this operation is dropped: *out is -1, and *why says so.
gnnac_status question_add(struct selector *s, struct question *q,
                          const struct candidate *c, int32_t *out,
                          gnnac_error *why, gnnac_error *err);

// Takes over *v. Returns its index through *out; a variant of that name that
// is there already is kept instead.
gnnac_status selection_add(struct selection *s, struct variant *v, int32_t *out,
                           gnnac_error *err);
// The variant is an option, proposed by *c. Two rules may have proposed the
// same: the first keeps it. Beyond MAX_CANDIDATES it is none.
void question_take(struct question *q, int32_t variant,
                   const struct candidate *c);
// What is known or proposed for the step of `q`.
gnnac_status question_prepare(struct selector *s, struct question *q,
                              gnnac_error *err);

// Whether BLAS may answer: a product that it has, too, and all that is behind.
bool question_has_blas(const struct question *q);
// Decides the questions from `first` on that the database has not, and counts.
// What the ranking needs of them is compiled.
gnnac_status questions_answer(struct selector *s, size_t first,
                              gnnac_error *err);

// Its library then belongs to the question's key.
void question_name_blas(const struct selector *s, struct question *q);
// BLAS is an option, too, where such a product is to be timed, and a point of
// its space where that is searched: only a race decides for it, no ranking.
gnnac_status question_add_blas(struct selector *s, struct question *q,
                               gnnac_error *err);
// Of answers that are BLAS the program says so; what their kernels would have
// done besides becomes a question of its own, which is answered.
gnnac_status questions_leave_to_blas(struct selector *s, const struct model *m,
                                     struct program *p, gnnac_error *err);

// Compiles what is not compiled, but for what is in quarantine or put off, and
// finds out what it executes.
gnnac_status selector_build(struct selector *s, gnnac_error *err);

// That for all that races need; of what is only ranked, what comes out best.
// With --explain nothing is compiled.
gnnac_status selector_build_needed(struct selector *s, gnnac_error *err);

// Whether rules propose more than can be options: then those that rules think
// best are options, and a search adds to them. *space becomes the question's.
bool question_is_to_search(const struct selector *s, const struct question *q,
                           const struct space *space);
// Those options out of `d`.
gnnac_status question_add_seeds(struct selector *s, struct question *q,
                                const struct decision *d, gnnac_error *why,
                                gnnac_error *err);
// As time_variants, of the question's space; `rq` says the rest.
gnnac_status question_search(struct selector *s, struct question *q,
                             const struct contest_request *rq,
                             struct contest *out, gnnac_error *err);

// With --record, before that: all points of the space race, in parts, and their
// times are kept, all or none, which a warning says. GNNAC_EDRIVER,
// GNNAC_ENODEVICE.
gnnac_status question_record(struct selector *s, struct question *q,
                             const struct contest_request *rq,
                             gnnac_error *err);

// The answer: who won the race, where there was one, else who did best on the
// nearest graphs, else who ranks first.
gnnac_status question_decide(struct selector *s, struct question *q,
                             gnnac_error *err);

// Where there is a GPU, and the operation is one that has candidates.
bool question_is_to_time(const struct selector *s, const struct question *q);

// Shares the questions out among the tuners that the request has, before
// anything is compiled. Every tuner deals them out alike.
void questions_deal_out(struct selector *s);

// Whether an option is left out of its race (prune.h); it is counted, and a
// verbose log says why.
bool question_prunes(struct selector *s, const struct question *q,
                     int32_t variant);

// A race for every question that is to be timed; its measurements are kept at
// once: whatever happens next, they were taken. What does not fit this GPU is
// left to the ranking. GNNAC_EDRIVER, GNNAC_ENODEVICE.
gnnac_status questions_time(struct selector *s, gnnac_error *err);
void question_remember(const struct selector *s, const struct question *q);

// The rung of the look-up that gave the answer: "tune.db", "timed", "nearest",
// "settings" or "rules".
const char *question_level(const struct selector *s, const struct question *q);

#endif
