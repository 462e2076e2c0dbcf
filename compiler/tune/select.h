// Chooses a kernel for every step of a program: manual settings, else what the
// tuning database remembers, else the rules' candidates, compiled in parallel
// and timed where there is a GPU, ranked by the cost model where there is none.
#ifndef GNNAC_SELECT_H
#define GNNAC_SELECT_H

#include "plan/opspec.h"
#include "tune/timing.h"
#include "tune/variant.h"
#include "tune/workbench.h"

// The graph, and its properties once somebody needs them.
struct graph_input {
    const struct csr *full;   // all of it, in the order it runs in
    const struct csr *stored; // as aggregated (GCN: without self loops)
    char fingerprint[33];     // of `full`
    struct props props;       // filled on demand: graph_input_props
};
gnnac_status graph_input_props(struct graph_input *g, int n_threads,
                               const struct props **out, gnnac_error *err);

// What selection did, for people and for tests.
struct select_report {
    size_t n_steps;    // steps that need a kernel
    size_t n_recalled; // of those, decided by the database
    size_t n_emitted, n_compiled, n_cached, n_timed, n_rejected;
    size_t n_unfinished; // steps that were to be timed, and were stopped
    size_t n_twins;      // kernels that execute what another does
    size_t n_pruned;     // kernels that were not worth timing (prune.h)
    size_t n_quarantined; // kernels that failed earlier and were not run
    // By the clock, of all questions together:
    double compile_seconds, gate_seconds, race_seconds;
};

// Variants by kernel name, each once. `chosen[i]` is the variant of step i, or
// -1.
struct selection {
    size_t n_variants, capacity;
    struct variant *variants; // owned
    int32_t n_steps;          // of the program
    int32_t chosen[MAX_STEPS];
    struct choice choices[MAX_STEPS]; // parallel to chosen
    struct select_report report;
    struct contest contests[MAX_STEPS]; // parallel; n = 0: nothing was timed
    size_t n_points[MAX_STEPS]; // that rules propose; 0: they were not asked
    // With request.explain: what the rules said, per step; owned, else NULL.
    struct decision *decisions[MAX_STEPS];
    // Likewise what was asked, which of a step that BLAS won `p` says no more.
    struct opspec *asked[MAX_STEPS];
};
void selection_finish(struct selection *s);
// Room for `n` more variants: until then none moves.
gnnac_status selection_reserve(struct selection *s, size_t n, gnnac_error *err);

// GNNAC_ENOENT (no candidate), GNNAC_ECOMPILE (no candidate of a step
// compiles; the message is the first compiler error), GNNAC_EWRONG (no
// candidate passes the gate), and what the modules below report. Where no
// candidate can do a step together with the one behind it, `p` has them apart
// afterwards.
gnnac_status select_kernels(struct workbench *wb, const struct model *m,
                            struct program *p, struct graph_input *g,
                            struct selection *out, gnnac_error *err);

#endif
