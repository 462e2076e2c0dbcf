// Cases (gpu_cases.h) through the gate that tuning uses.
#ifndef GNNAC_GPU_GATE_H
#define GNNAC_GPU_GATE_H

#include "gpu_cases.h"
#include "tune/bench.h"

// A case as the tuner would hand it to the gate.
static inline struct variant gpu_variant_of(const struct case_run *r,
                                            const struct compile_job *j)
{
    struct variant v = {.kernel = r->emitted.kernel, .status = "ok"};
    v.images[0].image = j->image;
    v.images[0].n_bytes = j->n_bytes;
    return v;
}

// Whether the gate lets it pass on this graph; *v says why not. Inside
// cuda_enter/leave.
static inline bool gpu_passes_gate(const struct cuda_context *c,
                                   const struct kernel_spec *spec,
                                   const struct csr *g, struct variant *v)
{
    struct bench b;
    struct cuda_kernel k;
    gnnac_error err = {{0}};
    bool right = bench_init(c, g, spec, &b, &err) == GNNAC_OK;
    if (!right)
        snprintf(v->reason, sizeof(v->reason), "%.500s", err.msg);
    else if ((right = bench_gate(&b, v, &k)))
        cuda_kernel_unload(c, &k);
    bench_finish(&b);
    return right;
}

static inline void gpu_gate_case(const struct cuda_context *c,
                                 const struct case_run *r,
                                 const struct compile_job *j, const char *name,
                                 const struct csr *g)
{
    struct variant v = gpu_variant_of(r, j);
    if (!gpu_passes_gate(c, &r->kc.spec, g, &v))
        TEST__FAIL("%s on \"%s\": %s", r->line, name, v.reason);
}

// The case with `from` replaced by `to` in its text, which must be refused.
static inline void gpu_check_refused(const struct case_check *c,
                                     const char *line, const char *from,
                                     const char *to)
{
    struct case_run r = {0};
    struct compile_job job = {.name = "broken"};
    struct nvrtc *n = NULL;
    gnnac_error err = {{0}};
    char *broken = NULL;
    if (gpu_read_case(c->cases->catalog, line, &r, &err) == GNNAC_OK &&
        nvrtc_open(&n, &err) == GNNAC_OK)
        broken = gpu_replaced(r.emitted.source, from, to);
    CHECK_STR(err.msg, "");
    job.source = broken;
    snprintf(job.arch, sizeof(job.arch), "sm_%d", (int)c->gpu->cc);
    CHECK_OK(broken ? nvrtc_compile(n, &job, 1, 1, &err) : GNNAC_EINTERNAL,
             err);
    CHECK_STR(job.error.msg, "");
    if (job.image) {
        struct variant v = gpu_variant_of(&r, &job);
        CHECK_OK(cuda_enter(c->gpu, &err), err);
        CHECK(!gpu_passes_gate(c->gpu, &r.kc.spec, c->large, &v));
        cuda_leave(c->gpu);
        CHECK_STR(v.status, "wrong_result");
        CHECK_HAS(v.reason, "times the allowed error");
    }
    free(broken);
    compile_job_finish(&job);
    emitted_finish(&r.emitted);
    nvrtc_close(n);
}

#endif
