// One run of a program on the CPU, step by step: inference takes all steps in
// order, training does more between them.
#ifndef GNNAC_CPU_RUN_H
#define GNNAC_CPU_RUN_H

#include "backend.h"
#include "cpu/cpu_kernels.h"

struct cpu_run {
    const struct gnnac_model *m;
    const size_t *offset; // bytes into the workspace, of each buffer
    const float *x;       // buffer 0
    float *y;             // buffer 1
    char *workspace;
};

static inline struct const_view as_const(struct view v)
{
    return (struct const_view){v.data, v.pitch, v.dim};
}

// How many threads share a step: one where waking others takes longer than the
// work they would do, above all beside programs that keep the processors busy.
int cpu_threads(const struct gnnac_model *m);

// Where a buffer lies; of buffer -1 an empty view.
struct const_view cpu_input(const struct cpu_run *r, int32_t buffer);
struct view cpu_output(const struct cpu_run *r, int32_t buffer); // but 0

// What a step of kind STEP_ATTENTION or _V2 does; training adds to it.
struct attention_job cpu_attention_job(const struct cpu_run *r,
                                       const struct step *s);

// Of a product that scales its rows: do so.
void cpu_scale_product(const struct cpu_run *r, const struct step *s);

void cpu_run_step(const struct cpu_run *r, const struct step *s);

// A product of the features, which are `x`. `scratch` has room for W^T, which
// is made anew, as W may have changed.
void cpu_run_sparse_product(const struct cpu_run *r, const struct step *s,
                            const struct sparse_rows *x, float *scratch);

#endif
