// Options that execute the same machine code in the same way (content.h): one
// of them is timed for all, the first.
#ifndef GNNAC_TWINS_H
#define GNNAC_TWINS_H

#include "tune/variant.h"

// The first of options[0..n), indices into `all`, that executes what variant
// `v` does; `v` itself where nothing is known of what it executes.
int32_t twin_of(const struct variant *all, const int32_t *options, size_t n,
                int32_t v);

// The options that are their own first ones, in order, into distinct[0..n).
// Returns how many.
size_t twins_collapse(const struct variant *all, const int32_t *options,
                      size_t n, int32_t *distinct);

// What failed has failed for all that execute the same.
void twins_fail(struct variant *all, const int32_t *options, size_t n);

#endif
