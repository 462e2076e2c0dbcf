// gnnac tune: what its two halves share.
#ifndef GNNAC_CMD_TUNE_H
#define GNNAC_CMD_TUNE_H

#include "cli/cli.h"

// tune --simulate: replays the runs of a recorded database, those of
// o->args[0] if there is one.
gnnac_status tune_simulate(const struct options *o, gnnac_error *err);

#endif
