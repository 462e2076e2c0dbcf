// Several GPUs of one kind tune together: a tuner on each, this program, races
// for its share of the kernels (--part) and tells the database. No race is run
// on two GPUs.
#ifndef GNNAC_TUNE_FLEET_H
#define GNNAC_TUNE_FLEET_H

#include <jansson.h>
#include <stdbool.h>

#include "fail.h"

// "all", or a list such as "cuda:0,cuda:1".
bool fleet_is_meant(const char *device);

struct fleet_request {
    const char *device; // one that fleet_is_meant
    int n_threads;      // for all of them; 0: as many as there are cores
    bool verbose;       // tuners are quiet otherwise
    bool (*stop)(void);
};

struct fleet_result {
    char first[32]; // a GPU of the fleet, "cuda:N"
    // Tuners ran, and all that was asked is raced or left undone in the
    // database; false: one failed, or there was one GPU and no tuner.
    bool finished;
    json_t *reports; // the caller's; each tuner's (tune_report.h) is added
};

// Starts this program's command line once more for each of several GPUs and
// waits. What a tuner leaves undone is not its fleet's failure: who tunes next
// with --resume does it. Once `stop` says so, all are told to end.
// GNNAC_EUSAGE (no such list, GPUs of two kinds), GNNAC_ENODEVICE, GNNAC_EIO.
gnnac_status fleet_run(const struct fleet_request *rq, struct fleet_result *out,
                       gnnac_error *err);

#endif
