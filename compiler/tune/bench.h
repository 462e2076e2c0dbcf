// A bench for kernel variants: one operation set up on the GPU and on the host,
// and the correctness gate that every variant passes before its time or its
// result means anything. All calls happen inside cuda_enter/cuda_leave.
#ifndef GNNAC_BENCH_H
#define GNNAC_BENCH_H

#include "bundle/train_state.h"
#include "cuda/cuda_epilogue.h"
#include "cuda/cuda_kernel.h"
#include "graph/csr.h"
#include "plan/spec.h"
#include "tune/oracle.h"
#include "tune/oracle_memory.h"
#include "tune/stopwatch.h"
#include "tune/variant.h"

// Memory that a kernel writes, between canaries; in `values` as floats, from
// the first canary on, as a run left it.
struct output {
    int64_t n;           // values between the canaries
    enum dtype type;
    const float *before; // what they hold before a run; NULL: NaN
    cu_ptr base;         // of the canaries before
    void *stored;        // owned, host: all of it as it lies there
    float *values;       // owned
    int32_t slab;        // columns; 0: it lies by rows
    float *rows;         // owned; of slabs, the values by rows
};

struct bench {
    const struct cuda_context *c;
    const struct csr *g;
    const struct kernel_spec *spec;
    struct cuda_graph graph;
    struct operand_data host;
    struct oracle_memory remembered[2]; // of the host's, as dropout is off, on
    // owned, host; all as floats
    float *x, *self, *dinv, *bias, *weight, *tail_bias, *before, *grad,
        *residual;
    float *att;         // att_src, then att_dst, of the scores' backward
    float *edge_values; // the same, of specs with them
    int64_t *edge_of;
    struct train_state state; // of attention's dropout
    struct output out, kept;  // kept: of attention in training, self
    struct output sums;       // of the scores' backward, and of GATv2's rows'
    struct operands device;
    size_t partial_bytes, scratch_bytes;
    cu_stream stream;
    struct cuda_blas blas;       // of products; open once BLAS is a rival
    struct cuda_epilogue ending; // of theirs that end with bias_act
};

// The graph and random operands for `spec` on both sides; the first three
// arguments are borrowed. GNNAC_ENOMEM when they do not fit, GNNAC_EDRIVER.
// bench_finish is due in either case.
gnnac_status bench_init(const struct cuda_context *c, const struct csr *g,
                        const struct kernel_spec *spec, struct bench *out,
                        gnnac_error *err);
void bench_finish(struct bench *b);
void bench_close_blas(struct bench *b); // until BLAS is asked again

// What a run left in the output.
struct verdict {
    double max_error; // |error| / bound; infinite where it is not a number
    int64_t row;      // where, as oracle_compare says it
    bool inside;      // nothing was written outside the output
};
bool verdict_right(const struct verdict *v);

// Fill the output with NaN and its surroundings with canaries, run, compare
// with float64; of attention in training with dropout, then without it, as it
// is timed. GNNAC_EDRIVER, and what `queue` reports.
gnnac_status bench_check(struct bench *b, queue_run queue, void *work,
                         struct verdict *out, gnnac_error *err);

// Load the variant's first image, fill the output with NaN and its
// surroundings with canaries, run, and compare every element with float64
// against its error bound. True: it is right, and *k is loaded. False: it gets
// a reason and status "wrong_result" or "launch_error"; or its status stays, as
// nothing is known against it but that this GPU cannot run it.
bool bench_gate(struct bench *b, struct variant *v, struct cuda_kernel *k);

// The loaded kernel is right on another graph's bench, too, called `where`. As
// bench_gate; on failure *k is unloaded.
bool bench_gate_also(struct bench *b, const char *where, struct variant *v,
                     struct cuda_kernel *k);

// Only load it: one that passed before.
bool bench_load(struct bench *b, struct variant *v, struct cuda_kernel *k);

// A loaded kernel on the bench's operands, and its queue_run.
struct kernel_run {
    struct bench *bench;
    const struct cuda_kernel *k;
};
gnnac_status bench_queue(void *work, cu_stream stream, gnnac_error *err);

#endif
