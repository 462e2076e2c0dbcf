// The template engine: `NAME.cu.lua` is CUDA text whose lines beginning with
// `//%` are Lua and in which ${expr} interpolates. Emits one specialised,
// readable source text. Knows nothing of graphs or NVRTC; adds no CUDA of its
// own beyond a provenance comment and #line marks.
#ifndef GNNAC_TMPL_H
#define GNNAC_TMPL_H

#include "fail.h"
#include "plan/family.h"
#include "plan/spec.h"
#include "bundle/program.h"

struct catalog; // the templates found, compiled once; opaque; one thread

// Reads every *.cu.lua of the folders, earlier folders first; a name found
// twice is taken from the first. GNNAC_EFORMAT with file:line.
gnnac_status catalog_open(const char *const *dirs, size_t n_dirs,
                          struct catalog **out, gnnac_error *err);
void catalog_close(struct catalog *c);
const struct family_list *catalog_families(const struct catalog *c);
// XXH3-128 of all template texts, 32 hex digits and a NUL.
void catalog_hash(const struct catalog *c, char hex[33]);

struct emitted {
    char *source; // owned, NUL-terminated
    size_t n_bytes;
    struct kernel kernel; // name, launches, needs: filled from the template
};
void emitted_finish(struct emitted *e);

// GNNAC_EUNSUPPORTED when the template's own preconditions refuse this point
// for this spec (the caller drops the candidate).
// GNNAC_EFORMAT: the template raised an error or produced something unsafe
// (`file:line: ...`). The same arguments give the same bytes.
gnnac_status tmpl_emit(struct catalog *c, const struct candidate *point,
                       const struct kernel_spec *spec, struct emitted *out,
                       gnnac_error *err);

#endif
