// gnnac bench BUNDLE --protocol gnnadvisor: how long an epoch takes.
#ifndef GNNAC_BENCH_EPOCHS_H
#define GNNAC_BENCH_EPOCHS_H

#include "cli/cli.h"

// As GNNAdvisor's artifact measures (OSDI'21, section 7): warm-up epochs, then
// the wall clock of --epochs full-batch epochs (forward, loss over all nodes,
// backward, Adam) divided by their number. Features and labels are random. On a
// GPU nobody else times at the same time. GNNAC_EUNSUPPORTED where the device
// cannot train the bundle: a GPU wants one of compile --train.
gnnac_status bench_epochs(const struct options *o, gnnac_error *err);

#endif
