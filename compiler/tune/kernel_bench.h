// Every variant of one bare sum over the in-neighbours, timed on the GPU,
// beside what the GPU could do and what cuSPARSE does: gnnac bench GRAPH.
#ifndef GNNAC_KERNEL_BENCH_H
#define GNNAC_KERNEL_BENCH_H

#include "tune/cusparse.h"
#include "tune/select.h"

// The fastest of several kernels.
struct variant_time {
    double ns;      // NaN: none was timed
    char name[512]; // family and knobs
};

struct kernel_bench {
    struct selection selection; // variants in the rules' order
    enum dtype dtype;           // how rows are stored
    int32_t dim, pitch;         // columns of a row, and between rows
    struct variant_time f32;    // where dtype is another: float32's best
    double roof; // bytes per second of random rows; NaN: no memory for them
    struct cusparse_way cusparse[N_CUSPARSE_WAYS];
    char no_cusparse[512]; // why there is none; empty: there is
};

// What must be gathered, E rows, over the time. Bytes per second.
double gather_rate(const struct kernel_bench *b, const struct csr *g,
                   double ns);

// The fastest of cuSPARSE's ways, NaN where none ran. Nanoseconds.
double cusparse_best(const struct kernel_bench *b);

// Every point that the rules of `wb` propose for such a sum of floats, timed as
// below. selection_finish is due in either case.
gnnac_status kernel_bench_sum(struct workbench *wb, const struct csr *g,
                              int32_t dim, struct selection *out,
                              gnnac_error *err);

// Rows of `dim` columns. Needs wb->cuda. Nothing is recalled from tune.db: all
// is timed now. kernel_bench_finish is due in either case.
gnnac_status kernel_bench_run(struct workbench *wb, const struct csr *g,
                              int32_t dim, enum dtype dtype,
                              struct kernel_bench *out, gnnac_error *err);
void kernel_bench_finish(struct kernel_bench *b);

#endif
