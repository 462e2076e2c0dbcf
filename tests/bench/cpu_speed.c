// The CPU backend's operations for cpu_peers.py, which times them in one
// process with their peers.
#include "cpu/cpu_kernels.h"

void cpu_speed_sum(int64_t n_rows, const int64_t *rowptr, const int32_t *colidx,
                   const float *x, float *y, int32_t dim, int32_t n_threads);
void cpu_speed_gcn(int64_t n_rows, const int64_t *rowptr, const int32_t *colidx,
                   const float *dinv, const float *bias, const float *x,
                   float *y, int32_t dim, int32_t n_threads);
void cpu_speed_linear(int64_t n_rows, const float *x, const float *weight,
                      float *y, int32_t in_dim, int32_t out_dim,
                      int32_t n_threads);

void cpu_speed_sum(int64_t n_rows, const int64_t *rowptr, const int32_t *colidx,
                   const float *x, float *y, int32_t dim, int32_t n_threads)
{
    cpu_aggregate(&(struct aggregate_job){.n_rows = n_rows,
                                          .rowptr = rowptr,
                                          .colidx = colidx,
                                          .x = {x, dim, dim},
                                          .out = {y, dim, dim}},
                  n_threads);
}

// All that a layer does: both norms, the self loop, bias and ReLU.
void cpu_speed_gcn(int64_t n_rows, const int64_t *rowptr, const int32_t *colidx,
                   const float *dinv, const float *bias, const float *x,
                   float *y, int32_t dim, int32_t n_threads)
{
    cpu_aggregate(&(struct aggregate_job){.n_rows = n_rows,
                                          .rowptr = rowptr,
                                          .colidx = colidx,
                                          .dinv = dinv,
                                          .bias = bias,
                                          .x = {x, dim, dim},
                                          .self = {x, dim, dim},
                                          .out = {y, dim, dim},
                                          .norm = NORM_GCN,
                                          .self_term = SELF_GCN,
                                          .act = ACT_RELU},
                  n_threads);
}

void cpu_speed_linear(int64_t n_rows, const float *x, const float *weight,
                      float *y, int32_t in_dim, int32_t out_dim,
                      int32_t n_threads)
{
    cpu_linear(n_rows, (struct const_view){x, in_dim, in_dim}, weight,
               (struct view){y, out_dim, out_dim}, false, n_threads);
}
