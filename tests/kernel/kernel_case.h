// A point of a family and a spec, written on one line, as the tests list them:
//     row_split dim=64 dimWorker=16 vec=4 norm=gcn self=gcn bias=1 act=relu
// Of attention and sddmm, heads and channels give the width. Knobs have their
// defaults, pitches (x out self_pitch grad) the width, offset 32. type=f16 is
// that of all three matrices; x_type, out_type, self_type are one's. x_slab,
// out_slab, self_slab are columns of a slab, where pitches are full. Values of
// edges are edges=stored or mapped; drops=1 is of sparse features. A whole
// model is model=gcn in=128 hidden=16 classes=7 layers=2, lowered as for a
// small graph of few edges.
#ifndef GNNAC_KERNEL_CASE_H
#define GNNAC_KERNEL_CASE_H

#include "plan/family.h"
#include "plan/lower.h"
#include "plan/spec.h"

struct kernel_case {
    struct candidate point;
    struct kernel_spec spec;
    // Of a whole model alone:
    struct model_request request;
    char name[16];
    struct model model;
    struct program program; // that the spec speaks of
};

// GNNAC_EUSAGE names the word that makes no sense.
gnnac_status kernel_case_parse(const struct family_list *families,
                               const char *line, struct kernel_case *out,
                               gnnac_error *err);

#endif
