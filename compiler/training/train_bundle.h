// A graph file and a model as a bundle to train, which never is a file.
#ifndef GNNAC_TRAIN_BUNDLE_H
#define GNNAC_TRAIN_BUNDLE_H

#include "cli/cli.h"
#include "plan/lower.h"

// For the CPU: without kernels, in no time.
gnnac_status train_bundle_make(const struct model_request *rq,
                               const struct options *o, gnnac_bundle **out,
                               gnnac_error *err);
// For a GPU: compiled, as compile --train does.
gnnac_status train_bundle_compile(const struct model_request *rq,
                                  const struct options *o, gnnac_bundle **out,
                                  gnnac_error *err);

#endif
