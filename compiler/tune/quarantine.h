// Kernels that are not to be run again (tunedb_quarantine.h): who is one, and
// who becomes one. Failure costs time, not the result: what cannot be read is
// not known, what cannot be written is a warning.
#ifndef GNNAC_QUARANTINE_H
#define GNNAC_QUARANTINE_H

#include "tune/variant.h"
#include "tune/workbench.h"
#include "tunedb_quarantine.h"

// Of the usable ones of all[0..n), those that failed under the workbench's
// driver (where there is no GPU: under any) get the status "quarantined" and
// the reason. By their texts before they are compiled, and by what they execute
// afterwards. Returns how many.
size_t quarantine_screen(struct workbench *wb, struct variant *all, size_t n);

// The same question for one kernel by its key in the kernel cache, and for the
// kernel that a text would be on the first architecture.
bool quarantine_has(struct workbench *wb, const char *key,
                    struct quarantine_answer *out);
bool quarantine_has_text(struct workbench *wb, const char *source,
                         struct quarantine_answer *out);

// Keep those of all[options[0..n)] with a verdict.
void quarantine_keep(struct workbench *wb, const struct variant *all,
                     const int32_t *options, size_t n);

#endif
