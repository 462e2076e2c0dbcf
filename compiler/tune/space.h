// All points that rules propose for one operation, also those for which a
// decision has no room, and who proposed each.
#ifndef GNNAC_SPACE_H
#define GNNAC_SPACE_H

#include "plan/rules.h"
#include "tune/search.h"
#include "tune/variant.h"

struct space {
    size_t n, capacity;
    struct search_point *points; // owned; each once; families are a
                                 // struct family each
    size_t *proposers;           // owned; parallel: of origins
    size_t n_origins;
    struct origin *origins; // owned; a rule each
    bool incomplete;        // there was no memory for all
};
void space_finish(struct space *s);

// Tell it to the rules (ruleset_watch_points) before they are asked, and let it
// end when they were: a point that several propose is then the first one's.
struct point_watcher space_watcher(struct space *s);
gnnac_status space_end(struct space *s, gnnac_error *err);

// Another point, the last: BLAS, a family that has no knobs.
gnnac_status space_add_blas(struct space *s, gnnac_error *err);
bool space_is_blas(const struct space *s, size_t point);

// The point of a family and candidate_text; NO_RACER: it is none.
size_t space_find(const struct space *s, const char *family, const char *knobs);
// Not of BLAS, which no template emits.
void space_candidate(const struct space *s, size_t point,
                     struct candidate *out);

// "unroll=4 vec=2": the numbers in order.
void space_read_knobs(const char *text, struct search_point *p);

#endif
