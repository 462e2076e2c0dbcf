// Every property that rules may read (design section 5), in one table: what a
// test block may give, and the values it gets for what it leaves out.
#ifndef GNNAC_SCHEMA_H
#define GNNAC_SCHEMA_H

#include "base/props.h"

// The `i`-th entry: name, type, default. NULL beyond the last.
const struct prop *schema_at(size_t i);
// NULL if there is no such property.
const struct prop *schema_find(const char *name);

// Append every property named PREFIX.* that `p` lacks, with its default. Means
// of degrees and the number of edges follow from each other where one is given.
void schema_complete(struct props *p, const char *prefix);

#endif
