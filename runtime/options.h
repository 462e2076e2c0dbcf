// The structs by which callers pass options: `struct_size` comes first, and
// later versions append members.
#ifndef GNNAC_OPTIONS_H
#define GNNAC_OPTIONS_H

#include <stddef.h>

#include "fail.h"

// `given` begins with its struct_size; `known` is the size of the struct called
// `name` here. A caller built against a newer header may pass more, as long as
// it is zero. GNNAC_EUSAGE.
gnnac_status options_check(const void *given, size_t known, const char *name,
                           gnnac_error *err);

// The same for a struct that has grown: of a caller built against an older
// header, down to the size `oldest`, the members that it lacks are zero in
// `out`, which has `known` bytes.
gnnac_status options_read(const void *given, size_t oldest, void *out,
                          size_t known, const char *name, gnnac_error *err);
gnnac_status options_unknown(const char *name, gnnac_error *err);

#endif
