// What a tuning database recorded, in the form that rules are judged by: for
// every aggregation on a graph on a device the points that were timed, with the
// properties that a rule would have seen.
#ifndef GNNAC_EVIDENCE_H
#define GNNAC_EVIDENCE_H

#include "plan/device.h"
#include "plan/opspec.h"
#include "tunedb.h"

struct timed_point {
    char family[64], knobs[256]; // as candidate_text writes them
    double ns;                   // median; NaN: it failed
    int spill_bytes;             // -1: unknown
    int64_t time;                // when, Unix seconds
};

struct known_graph {
    char fingerprint[33];
    struct props props; // empty: never recorded
};

struct known_device {
    char text[512]; // as in a key of tune.db
    struct device device;
    struct props props;
    bool measured; // else the datasheet of its architecture
};

// One question that was timed. Points from the fastest to the slowest, behind
// them those that failed; of several timings of one point the latest counts.
struct workload {
    const struct known_graph *graph;
    const struct known_device *device;
    char toolchain[256];
    struct opspec op;
    size_t n_points, n_timed;
    struct timed_point *points;
};

struct evidence {
    size_t n, n_graphs, n_devices;
    struct workload *items;      // in the order of the database's keys
    struct known_graph **graphs; // each is owned
    struct known_device **devices;
};

// Questions with at least one time. Damaged rows are left out. GNNAC_EDB,
// GNNAC_ENOMEM.
gnnac_status evidence_load(struct tunedb *db, struct evidence *out,
                           gnnac_error *err);
void evidence_finish(struct evidence *e);

// Whether a rule can be asked about it: its graph's properties are known.
bool workload_is_known(const struct workload *w);
// NULL: no such point.
const struct timed_point *workload_point(const struct workload *w,
                                         const char *family, const char *knobs);
// The fastest.
const struct timed_point *workload_best(const struct workload *w);

// "graph 1ec9d2c2, width 16, gcn layer 0, H200 sm_90 compute_75".
void workload_name(const struct workload *w, char *out, size_t n_bytes);

// The property of that name, of the graph, the layer or the device; NaN for
// texts and what is unknown.
double workload_number(const struct workload *w, const char *name);

#endif
