// A test stand (stand.h) in a worker process, so that a kernel that faults or
// hangs, or a GPU context that is lost, costs one variant: the worker is killed
// and another goes on.
#ifndef GNNAC_TIME_WORKER_H
#define GNNAC_TIME_WORKER_H

#include "graph/csr.h"
#include "plan/spec.h"
#include "tune/variant.h"

// What a worker may take: the gate compares with float64 on the host, too.
enum { GATE_SECONDS = 120, SAMPLE_SECONDS = 30 };

struct far_stand; // opaque; the owner's side

struct far_stand_request {
    const char *program; // gnnac
    int ordinal;         // of the GPU
    const struct csr *graph;
    const struct kernel_spec *spec;
    double gate_seconds, sample_seconds;
    bool cold; // the stopwatch
};

// As those of stand.h; what is borrowed there is borrowed here. A variant that
// is wrong, faults, or ends its worker gets a second one, as it may have been
// the victim of another; then it is out, and its verdict says of what. One that
// gives no answer in time is out at once. The next has a new worker in either
// case. One whose worker finds no memory for the stand, or loses the GPU, is
// out without a verdict. far_stand_open: GNNAC_EDRIVER, GNNAC_ENODEVICE,
// GNNAC_ENOMEM, GNNAC_EIO; of these the first two may also end what was open.
gnnac_status far_stand_open(const struct far_stand_request *rq,
                            struct far_stand **out, gnnac_error *err);
void far_stand_close(struct far_stand *s);
bool far_stand_enter(struct far_stand *s, struct variant *v);
gnnac_status far_stand_warm(struct far_stand *s, gnnac_error *err);
// GNNAC_EUNSUPPORTED when this variant is out.
gnnac_status far_stand_sample(struct far_stand *s, size_t i, double *ns,
                              gnnac_error *err);
// A fresh process: what was entered is loaded again when it is next timed.
void far_stand_renew(struct far_stand *s);

// What such a worker does (worker_serve's answer); the context is all-zero at
// first.
struct time_worker {
    struct cuda_context *cuda;
    struct stand *stand;
    struct csr graph;
    struct kernel_spec spec;
    size_t n;
    struct variant **variants; // owned
};
struct message;
bool time_worker_answer(void *context, struct message *in, struct message *out);
void time_worker_finish(struct time_worker *t);

#endif
