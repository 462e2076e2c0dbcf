// A program as one kernel that runs all its steps: its phases, which are the
// steps with what they work on, and where all blocks have to meet in between.
// For small graphs, where starting kernels is most of the time.
#ifndef GNNAC_PLAN_WHOLE_H
#define GNNAC_PLAN_WHOLE_H

#include "plan/spec.h"

enum { MAX_PHASES = 16, WHOLE_COLUMNS = 64 };

// The step, and its tail with it. Buffers, parameters are the program's; -1:
// none.
struct phase {
    enum step_kind kind; // LINEAR or AGGREGATE
    struct kernel_spec spec;
    int32_t x, out, self, weight, bias, tail_bias, eps;
    bool meets;      // it reads what blocks have written since they last met,
                     // or writes what others may still read
    bool reads_made; // x, or self, is written by this kernel
};

// The program followed by STEP_WHOLE_MODEL. False where no kernel can do its
// steps: all are products and sums in float32, with what is fused behind them,
// whose rows, but the first x's, have at most WHOLE_COLUMNS columns; at least
// one of them has to wait for another.
bool whole_program(const struct program *p, struct program *out);

// The phases of the steps before that one.
int32_t whole_phases(const struct program *p, struct phase out[MAX_PHASES]);

// All that a kernel for them depends on, as 32 hexadecimal digits.
void whole_hash(const struct program *p, char hex[33]);

#endif
