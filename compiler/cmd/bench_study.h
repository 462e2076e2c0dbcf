// gnnac bench GRAPH --study NAME: one knob of one family, value by value, all
// else held still. The studies of GNNAdvisor's Figure 11, and of its
// block-level reduction.
#ifndef GNNAC_BENCH_STUDY_H
#define GNNAC_BENCH_STUDY_H

#include "cli/cli.h"

// --study, --dim and, for what is held still, --set; neighbor_group unless that
// names another template. All values race without losers, so that each has as
// many samples. GNNAC_EUSAGE (a family without the knob, no edges),
// GNNAC_ENODEVICE without a GPU: nothing but a time is measured.
gnnac_status bench_study(const struct options *o, gnnac_error *err);

#endif
