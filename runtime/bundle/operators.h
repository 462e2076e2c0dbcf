// Operators on their own, as a GPU runs them: a plan's options named by a text,
// and as steps of program.h. Both follow from the options alone, so the
// compiler, which picks kernels for the steps, and the runtime, which runs
// them, find the same. Knows nothing of files or devices.
#ifndef GNNAC_OPERATORS_H
#define GNNAC_OPERATORS_H

#include "bundle/program.h"
#include "fail.h"

// Names what operator_add makes of options, in a bundle (struct operators). A
// change for any operator needs another.
#define OPERATOR_RULES "3"

// The name of the model that a bundle of operators has, which has no layers.
#define OPERATORS_MODEL "operators"

enum { OPERATOR_KEY_LEN = 64, MAX_OPERATORS = 32, MAX_OPERATOR_STEPS = 8 };

// An operator's buffers, counted from the first that operator_add adds: the
// caller's matrices, packed, and what lies in the workspace. Values of edges
// have a column for each head and a row for each edge as the caller numbers
// them. Those that an operator does not have are all zero.
enum operator_buffer {
    OP_BUFFER_X,
    OP_BUFFER_Y,
    OP_BUFFER_WEIGHT, // of edges
    OP_BUFFER_OUT,    // of SDDMM of edges, as is its gradient
    OP_BUFFER_OUT_GRAD,
    OP_BUFFER_X_GRAD,
    OP_BUFFER_Y_GRAD,
    OP_BUFFER_WEIGHT_GRAD,
    OP_BUFFER_SAVED,      // what forward keeps for backward
    OP_BUFFER_SCRATCH,    // from here on in the workspace
    OP_BUFFER_KEPT,       // ATTENTION_KEPT numbers a head
    OP_BUFFER_KEPT_FOUND, // those of each row that are saved
    OP_BUFFER_KEPT_GRADS, // the last ones of each row
    N_OP_BUFFERS
};

// Ways to run a part of the steps.
enum operator_run {
    OPERATOR_FORWARD,
    OPERATOR_FORWARD_SAVING,
    OPERATOR_BACKWARD,      // nothing was saved
    OPERATOR_BACKWARD_SAVED // forward did
};

// NAME:DIM, e.g. "mean:64", or NAME:HEADSxCHANNELS where there are several
// heads, e.g. "attention:8x8": what the options ask for, but `backward`.
// GNNAC_EUNSUPPORTED: an operator that has no kernels.
gnnac_status operator_key(const gnnac_plan_options *o,
                          char out[OPERATOR_KEY_LEN], gnnac_error *err);
// The options, with `backward`, that have this key; one head may be named, too.
// GNNAC_EUSAGE.
gnnac_status operator_from_key(const char *key, gnnac_plan_options *out,
                               gnnac_error *err);

// Adds buffers and steps, forward then `backward` if the options ask for it, to
// those of `p`. `layer` numbers the operator. Room for MAX_OPERATORS is there.
// GNNAC_EUNSUPPORTED as operator_key.
gnnac_status operator_add(const gnnac_plan_options *o, int32_t layer,
                          struct program *p, gnnac_error *err);

// Whether the step has a part in it. What runs backward writes into
// OP_BUFFER_SCRATCH what its output says is OP_BUFFER_OUT.
bool operator_step_runs(const struct step *s, enum operator_run run);

#endif
