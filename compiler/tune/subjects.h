// What timings are about: the properties of the graph as it ran and of the
// device, kept beside them in tune.db, so that rules can be judged by old
// timings where neither graph nor GPU is at hand.
#ifndef GNNAC_SUBJECTS_H
#define GNNAC_SUBJECTS_H

#include "tune/select.h"

// Keep both, where something was timed and the graph was measured. Failure is a
// warning (workbench_forgets). What is there already is not written again.
void subjects_remember(struct workbench *wb, const struct graph_input *g);

// Keep and fetch the graph's alone. False where it is not known.
gnnac_status subject_graph_keep(struct tunedb *db, const char *fingerprint,
                                const struct props *graph, gnnac_error *err);
bool subject_graph(struct tunedb *db, const char *fingerprint,
                   struct props *out);

// Whether an analysis of that key is the device of `text` (the `device` of a
// key, see recall_device); *text then lies within `key`.
bool subject_is_device(const char *key, const char **text);

// The device that its properties describe; false when one is missing.
bool device_from_props(const struct props *p, struct device *out);

#endif
