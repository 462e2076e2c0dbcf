// How long one inference takes, as its caller sees it: from the call until the
// result is there, with a kernel launch for each step and as one captured CUDA
// graph; and each of many queued behind one another, where the calls overlap
// with the GPU's work. Below it the same by a kernel for all steps, where the
// bundle has one (compile --whole on) and the device starts it, with the
// kernel's knobs behind it; and of an empty graph, a memset of four bytes: what
// this machine takes to start anything and to hear of its end. Medians, in
// microseconds. Each result is first compared with float64.
//
// usage: latency BUNDLE...
#include <math.h>

#include "base/clock.h"
#include "bench_fixture.h"
#include "cuda/cuda_capture.h"
#include "cuda/cuda_context.h"
#include "cuda/cuda_model.h"
#include "fail.h"

enum { WARM_UP = 200, SAMPLES = 1001, ROWS = 51, IN_A_ROW = 200 };

struct work {
    struct cuda_context *c;
    gnnac_model *model; // NULL: four bytes are set
    gnnac_bundle_info info;
    cu_ptr x, y, workspace;
    size_t workspace_bytes;
    cu_stream stream;
    cu_graph_exec graph;
};

static gnnac_status queue(void *context, cu_stream stream, gnnac_error *err)
{
    const struct work *w = context;
    if (!w->model)
        return CU(w->c, cuMemsetD32Async, (w->y, 0, 1, stream), err);
    return gnnac_model_forward(
        w->model, (const float *)(uintptr_t)w->x, (float *)(uintptr_t)w->y,
        (void *)(uintptr_t)w->workspace, w->workspace_bytes, stream, err);
}

static gnnac_status launch(void *context, cu_stream stream, gnnac_error *err)
{
    const struct work *w = context;
    return CU(w->c, cuGraphLaunch, (w->graph, stream), err);
}

// Median of `samples`, each of `n` calls and the wait for their end; of a call.
static gnnac_status time_calls(struct work *w, queue_run call, int samples,
                               int n, double *us, gnnac_error *err)
{
    static double seconds[SAMPLES];
    gnnac_status st = GNNAC_OK;
    for (int i = -WARM_UP; i < samples; i++) {
        double begun = now_seconds();
        for (int k = 0; k < n; k++)
            TRY(call(w, w->stream, err));
        TRY(CU(w->c, cuStreamSynchronize, (w->stream), err));
        if (i >= 0)
            seconds[i] = now_seconds() - begun;
    }
    *us = bench_median(seconds, (size_t)samples) / n * 1e6;
out:
    return st;
}

static gnnac_status time_work(struct work *w, const char *name,
                              const char *remark, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    double calls, graph, row;
    TRY(time_calls(w, queue, SAMPLES, 1, &calls, err));
    TRY(cuda_capture(w->c, w->stream, queue, w, 1, &w->graph, err));
    TRY(time_calls(w, launch, SAMPLES, 1, &graph, err));
    TRY(time_calls(w, launch, ROWS, IN_A_ROW, &row, err));
    printf("%-28s %9.2f %9.2f %9.2f  %s\n", name, calls, graph, row, remark);
out:
    if (w->graph)
        w->c->cu.cuGraphExecDestroy(w->graph);
    w->graph = NULL;
    return st;
}

// Of the device's result, in bounds; a time of a wrong one does not exist.
static gnnac_status check_result(const struct work *w, const float *x,
                                 gnnac_error *err)
{
    size_t n = (size_t)(w->info.n_nodes * w->info.out_dim);
    float *y = calloc(n + 1, sizeof(*y));
    double *exact = calloc(n + 1, sizeof(*exact)),
           *bound = calloc(n + 1, sizeof(*bound));
    gnnac_status st = GNNAC_ENOMEM;
    if (y && exact && bound)
        st = gnnac_model_reference(w->model, x, exact, bound, err);
    if (st == GNNAC_OK)
        st = CU(w->c, cuMemcpyDtoH_v2, (y, w->y, n * sizeof(*y)), err);
    for (size_t i = 0; i < n && st == GNNAC_OK; i++)
        if (!(fabs(y[i] - exact[i]) <= bound[i]))
            st = FAIL(err, GNNAC_EWRONG, "wrong result at %zu", i);
    free(y);
    free(exact);
    free(bound);
    return st;
}

// Once, from an output that holds nothing, and compared.
static gnnac_status queue_once(struct work *w, const float *x,
                               gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    size_t n = (size_t)(w->info.n_nodes * w->info.out_dim);
    TRY(CU(w->c, cuMemsetD32Async, (w->y, 0xffffffffu, n, w->stream), err));
    TRY(queue(w, w->stream, err));
    TRY(CU(w->c, cuStreamSynchronize, (w->stream), err));
    TRY(check_result(w, x, err));
out:
    return st;
}

static gnnac_status prepare(struct work *w, float **x, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    size_t n_in = (size_t)(w->info.n_nodes * w->info.in_dim);
    size_t n_out = (size_t)(w->info.n_nodes * w->info.out_dim);
    *x = calloc(n_in + 1, sizeof(**x));
    if (!*x)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    for (size_t i = 0; i < n_in; i++)
        (*x)[i] = (float)(i % 17) / 8 - 1;
    TRY(gnnac_model_init_weights(w->model, 1, err));
    w->workspace_bytes = gnnac_model_workspace_size(w->model);
    TRY(cuda_upload(w->c, *x, n_in * sizeof(float), "x", &w->x, err));
    TRY(cuda_alloc(w->c, n_out * sizeof(float), "y", &w->y, err));
    TRY(cuda_alloc(w->c, w->workspace_bytes, "workspace", &w->workspace, err));
    TRY(CU(w->c, cuStreamCreate, (&w->stream, 1), err));
out:
    return st;
}

static void release(struct work *w)
{
    if (w->stream)
        w->c->cu.cuStreamDestroy_v2(w->stream);
    cuda_free(w->c, w->x);
    cuda_free(w->c, w->y);
    cuda_free(w->c, w->workspace);
    gnnac_model_destroy(w->model);
}

// By its steps, and, where the bundle has one and this device starts it, by its
// one kernel for all of them.
static gnnac_status time_ways(struct work *w, const char *name, const float *x,
                              gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct cuda_whole *whole = &w->model->cuda->whole;
    whole->off = true;
    TRY(queue_once(w, x, err));
    TRY(time_work(w, name, "", err));
    whole->off = false;
    if (whole->kernel.lib) {
        TRY(queue_once(w, x, err));
        TRY(time_work(w, "  the same in one kernel",
                      w->model->bundle->manifest->whole.knobs, err));
    } else if (has_whole(w->model->bundle->manifest)) {
        printf("  one kernel: not started here\n");
    }
out:
    return st;
}

static gnnac_status time_bundle(gnnac_context *context, const char *path,
                                gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    gnnac_bundle *bundle = NULL;
    gnnac_model *model;
    struct work w = {.c = context->cuda};
    float *x = NULL;
    TRY(gnnac_bundle_open(path, &bundle, err));
    gnnac_bundle_get_info(bundle, &w.info);
    TRY(gnnac_model_create(context, bundle, &w.model, err));
    TRY(prepare(&w, &x, err));
    TRY(time_ways(&w, bench_file_name(path), x, err));
    model = w.model;
    w.model = NULL;
    st = time_work(&w, "  an empty graph", "", err);
    w.model = model;
out:
    release(&w);
    gnnac_bundle_close(bundle);
    free(x);
    return st;
}

int main(int argc, char **argv)
{
    gnnac_error err = {{0}};
    gnnac_context *context = NULL;
    int failed = 0;
    gnnac_status st = gnnac_context_create(NULL, &context, &err);
    if (st != GNNAC_OK || !context->is_cuda) {
        printf("no GPU: nothing to time\n");
        gnnac_context_destroy(context);
        return 0;
    }
    printf("%s\n%-28s %9s %9s %9s\n", gnnac_context_device(context),
           "us of an inference", "launches", "graph", "in a row");
    st = cuda_enter(context->cuda, &err);
    failed += bench_report(st, &err);
    for (int i = 1; i < argc && st == GNNAC_OK; i++)
        failed += bench_report(time_bundle(context, argv[i], &err), &err);
    if (st == GNNAC_OK)
        cuda_leave(context->cuda);
    gnnac_context_destroy(context);
    return failed != 0;
}
