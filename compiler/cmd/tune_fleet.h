// Several GPUs of one kind tune together: a tuner on each, this program, races
// for its share of the kernels (--part) and tells the database. No race is run
// on two GPUs.
#ifndef GNNAC_TUNE_FLEET_H
#define GNNAC_TUNE_FLEET_H

#include <stdbool.h>

#include "fail.h"

// "all", or a list such as "cuda:0,cuda:1".
bool fleet_is_meant(const char *device);

// Starts this program's command line once more for each GPU and waits. What a
// tuner leaves undone is not its fleet's failure: who tunes next with --resume
// does it. *first is a GPU of the fleet, "cuda:N". Once `stop` says so, all are
// told to end. GNNAC_EUSAGE (no such list, GPUs of two kinds),
// GNNAC_ENODEVICE, GNNAC_EIO.
gnnac_status fleet_run(const char *device, bool (*stop)(void), char first[32],
                       gnnac_error *err);

#endif
