// Sums over in-neighbours: what is cut how, and which thread does it.
#include "backend.h"
#include "cpu/cpu_micro.h"
#include "cpu/cpu_partition.h"

#include <math.h>

enum { ROWS_OF_PANELS = 32 };

void graph_dinv(int64_t n_nodes, const int64_t *rowptr, float *dinv)
{
    for (int64_t v = 0; v < n_nodes; v++)
        dinv[v] = (float)(1 / sqrt((double)(rowptr[v + 1] - rowptr[v] + 1)));
}

// Columns in panels as equal as vectors allow, so that none is a mere rest.
// With several, few rows take turns: their neighbours are then still near when
// the next columns are wanted.
static void aggregate_rows(const void *job, int64_t first, int64_t end)
{
    const struct cpu_micro *micro = cpu_micro();
    const struct aggregate_job *a = job;
    int32_t dim = a->out.dim, lanes = micro->lanes;
    int32_t n_panels = (dim + micro->max_sum_cols - 1) / micro->max_sum_cols;
    int32_t n_vecs = (dim + lanes - 1) / lanes;
    int64_t step = n_panels == 1 ? end - first : ROWS_OF_PANELS;
    for (int64_t v = first; v < end; v += step)
        for (int32_t p = 0; p < n_panels; p++) {
            int32_t col = (int32_t)((int64_t)n_vecs * p / n_panels) * lanes;
            int32_t next =
                (int32_t)((int64_t)n_vecs * (p + 1) / n_panels) * lanes;
            struct sum_block b = {v, end - v < step ? end : v + step, col,
                                  (next < dim ? next : dim) - col};
            micro->aggregate(a, b);
        }
}

void cpu_aggregate(const struct aggregate_job *a, int n_threads)
{
    partition_walk(a->rowptr, a->n_rows, n_threads, aggregate_rows, a);
}
