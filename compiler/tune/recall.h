// What the tuning database knows of one operation on one graph, for the device,
// compiler and rules of a workbench: asked before anything is emitted, told
// when all is decided. Knows neither rules nor how an answer is found.
//
// One thread at a time, as the database. Failure costs time, not the result:
// what cannot be read was never decided, what cannot be written is a warning.
#ifndef GNNAC_RECALL_H
#define GNNAC_RECALL_H

#include "tune/variant.h"
#include "tune/workbench.h"

// What is asked. Texts must outlive the call.
struct recall_key {
    const char *graph; // fingerprint of the graph as it runs
    const char *op;    // opspec.key
};

// True when the database has a decision, the kernel cache all its images, and
// nothing was found against it since:
// *out is then complete and the caller's (variant_finish), *from says who
// proposed it, *effort how it was found. Else all stay as they are.
bool recall(struct workbench *wb, const struct recall_key *key,
            struct variant *out, struct origin *from, int *effort);

// The text that stands for the device and the architectures in a key, and for
// how times were taken there: it ends in RECALL_COLD where the L2 cache was
// cold.
#define RECALL_COLD " l2=cold"
void recall_device(const struct workbench *wb, char *out, size_t n_bytes);

// What stands at the end of the key of a question that BLAS may answer, as the
// answer depends on it: " blas=13.1.0+endings", the latter where cuBLASLt ends
// products; nothing where nothing is timed.
void recall_blas(const struct workbench *wb, char *out, size_t n_bytes);

// decision_row's effort.
enum { EFFORT_RULES, EFFORT_PROBE, EFFORT_RACE };

// Keep a decision; median_ns is NaN where nothing was timed. Its images must be
// in the kernel cache already.
void remember(struct workbench *wb, const struct recall_key *key,
              const struct variant *v, const struct origin *from,
              double median_ns, int effort);

// How one of options[0..n), indices into `all`, did; borrows from them.
struct measurement_row recall_row(const struct variant *all,
                                  const int32_t *options, size_t n,
                                  int32_t variant);
// Keep all of such rows as one run. False, and a warning: they are not kept.
struct spool;
bool remember_spooled(struct workbench *wb, const char *graph, const char *op,
                      struct spool *rows);

// Keep how the candidates did: options[0..n) are indices into `all`. A single
// one that did not fail was no contest and is not kept.
void remember_measurements(struct workbench *wb, const struct recall_key *key,
                           const struct variant *all, const int32_t *options,
                           size_t n);

#endif
