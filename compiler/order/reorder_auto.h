// Which order pays, or none: what an order costs to compute against the rows
// that it will save from being fetched from memory.
//
// All is counted in one unit, the feature rows that memory delivers in a time,
// and only ever compared: no figure here is a promise of time. Rates are
// constants, not measured when asked, so that the answer is the same each time.
#ifndef GNNAC_REORDER_AUTO_H
#define GNNAC_REORDER_AUTO_H

#include <stdbool.h>

#include "graph/csr.h"

enum { REORDER_RUNS = 200, REORDER_COLUMNS = 64 }; // what users get by default
enum { MAX_REORDER_ESTIMATES = 12 };

struct reorder_request {
    // "auto"; or "gnnadvisor": Rabbit Order if sqrt(mean |src - dst|) >
    // sqrt(nodes) / 100, whatever it costs (OSDI'21). NULL: auto.
    const char *rule;
    int64_t runs;       // passes over the edges; 0: not one
    int64_t columns;    // floats of a row; 0: REORDER_COLUMNS
    double bytes_per_s; // of the memory; 0: the machine's that rates are from
    double rows_moved;  // per pass, to have inputs and outputs in the old order
    int n_threads;      // 0: all
};

// One order. Rows are per pass, but for `cost`.
struct reorder_estimate {
    const char *method;
    bool computed; // else never tried, and `misses` a prediction
    double misses; // rows fetched
    double least;  // before it was tried, the fewest thought possible
    double cost;   // to compute and apply it
};

// Owns `perm`. All-zero is empty.
struct reorder_choice {
    const char *method; // "none" or a name of order_methods; static
    int32_t *perm;      // [n_nodes], perm[old] = new; NULL for "none"
    char why[400];
    // By auto alone, else 0.
    double given;           // rows fetched in the order that the nodes have
    double floor, shuffled; // by any order at least; expected without any
    // Rabbit Order on a part of a large graph: the share of the rows between
    // `floor` and `shuffled` that it would fetch, as an interval. 0 to 1: not
    // tried.
    double sample_low, sample_high;
    int n_estimates;
    struct reorder_estimate estimates[MAX_REORDER_ESTIMATES];
};
void reorder_choice_finish(struct reorder_choice *c);

// `g` as it was loaded: directed, with loops, with duplicates. Computes those
// orders alone that may pay, one after the other, the most promising first, and
// keeps one if it has proved better: never an order with more misses than the
// given one. The same at any thread count. GNNAC_EUSAGE (no such rule),
// GNNAC_ENOMEM, GNNAC_EUNSUPPORTED (2^32 entries).
gnnac_status reorder_choose(const struct csr *g,
                            const struct reorder_request *rq,
                            struct reorder_choice *out, gnnac_error *err);

// The rules that reorder_choose knows, NULL-terminated.
extern const char *const reorder_rules[];
bool reorder_is_rule(const char *rule);
// What says an order: a rule, a method of orders.h, or a .npy file.
// GNNAC_EUSAGE names what comes nearest.
gnnac_status reorder_check(const char *order, gnnac_error *err);

// "rabbit   measured 2810 rows a pass (2708 at least), 1523 to compute",
// without a newline.
void reorder_estimate_text(const struct reorder_estimate *e, char *out,
                           size_t n_bytes);

#endif
