// One kernel for all steps of a program, in one launch: where it finds its
// operands. What it is made from and what runs it must agree on that, so it is
// part of the format.
//
// Parameters lie in one array of floats, each from a multiple of 64 on. What
// steps hand on to each other lies in another: `buffers` of n_rows rows each,
// one behind the other, each as many floats wide as its pitch rounded up to 4.
// The barrier has a word for every block, all equal between launches.
#ifndef GNNAC_WHOLE_LAYOUT_H
#define GNNAC_WHOLE_LAYOUT_H

#include "bundle/bundle.h"

// Where each parameter lies in one array of floats: each from a multiple of
// 64, so that cuBLAS finds it aligned and 64 elements are of one parameter.
struct param_layout {
    int64_t offset[MAX_PARAMS], n_floats;
};
void param_layout_build(const struct program *p, struct param_layout *out);

// Floats of a row of all buffers in front of `buffer`, which is the program's
// or one more than it has: then of all.
int64_t whole_buffer_at(const struct program *p, int32_t buffer);

// Whether the manifest has such a kernel.
static inline bool has_whole(const struct manifest *m)
{
    return m->whole.rule[0] != '\0';
}

#endif
