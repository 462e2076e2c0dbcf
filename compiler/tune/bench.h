// A bench for kernel variants: one aggregation set up on the GPU and on the
// host, and the correctness gate that every variant passes before its time or
// its result means anything. All calls happen inside cuda_enter/cuda_leave.
#ifndef GNNAC_BENCH_H
#define GNNAC_BENCH_H

#include "cuda/cuda_kernel.h"
#include "graph/csr.h"
#include "plan/spec.h"
#include "tune/oracle.h"
#include "tune/stopwatch.h"
#include "tune/variant.h"

struct bench {
    const struct cuda_context *c;
    const struct csr *g;
    const struct kernel_spec *spec;
    struct cuda_graph graph;
    struct operand_data host;
    // owned, host; all as floats
    float *x, *self, *dinv, *bias, *weight, *tail_bias, *y;
    float *edge_values; // the same, of specs with them
    int64_t *edge_of;
    void *stored; // owned, host: the output with canaries as it lies there
    struct operands device;
    cu_ptr out_base; // canaries, output, canaries
    size_t partial_bytes;
    cu_stream stream;
};

// The graph and random operands for `spec` on both sides; the first three
// arguments are borrowed. GNNAC_ENOMEM when they do not fit, GNNAC_EDRIVER.
// bench_finish is due in either case.
gnnac_status bench_init(const struct cuda_context *c, const struct csr *g,
                        const struct kernel_spec *spec, struct bench *out,
                        gnnac_error *err);
void bench_finish(struct bench *b);

// What a run left in the output.
struct verdict {
    double max_error; // |error| / bound; infinite where it is not a number
    int64_t row;      // where; -1: no error at all
    bool inside;      // nothing was written outside the output
};
bool verdict_right(const struct verdict *v);

// Fill the output with NaN and its surroundings with canaries, run, compare
// with float64. GNNAC_EDRIVER, and what `queue` reports.
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
