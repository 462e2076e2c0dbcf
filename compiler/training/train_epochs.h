// The epochs of a training session, and how good they are.
#ifndef GNNAC_TRAIN_EPOCHS_H
#define GNNAC_TRAIN_EPOCHS_H

#include "training/train_session.h"
#include "training/train_watch.h"

struct outcome {
    int64_t epochs;     // updates in all, those before a resume included
    struct watch watch; // best_epoch is counted from 1
    struct score last_val, test; // test: of the weights kept
    double loss;                 // of the last update
    double epoch_ms; // median of one update's wall clock; no validation
    bool stopped;    // early
};

// Runs the epochs that are left, then makes the weights that are kept the
// model's. `state`: a file for all that goes on after the
// last epoch, or NULL.
gnnac_status train_epochs(struct session *s, const char *resumed_from,
                          const char *state, struct outcome *out,
                          gnnac_error *err);

#endif
