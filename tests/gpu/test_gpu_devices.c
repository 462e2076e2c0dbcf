// One process, several GPUs: a context of its own for each, at the same time.
// With one GPU they are two contexts on it.
#include <pthread.h>

#include "gpu_fixture.h"

enum { N_CONTEXTS = 2, N_RUNS = 20 };

// One thread's: a context, a model of the bundle that all share, its output.
struct lane {
    const char *device;
    gnnac_bundle *bundle;
    const float *x;
    float *y;
    double error; // as gpu_error, of the worst run
    gnnac_error err;
};

static gnnac_status run_often(struct lane *l, gnnac_model *m,
                              const gnnac_bundle_info *info)
{
    gnnac_status st = GNNAC_OK;
    for (int i = 0; i < N_RUNS && st == GNNAC_OK; i++) {
        st = gnnac_model_run(m, l->x, l->y, &l->err);
        double error =
            st == GNNAC_OK ? gpu_error(m, info, l->x, l->y, &l->err) : INFINITY;
        l->error = error < 0 ? INFINITY : fmax(l->error, error);
    }
    return st;
}

static void *work(void *argument)
{
    struct lane *l = argument;
    const gnnac_context_options options = {.struct_size = sizeof(options),
                                           .device = l->device};
    gnnac_context *c = NULL;
    gnnac_model *m = NULL;
    gnnac_bundle_info info = {0};
    gnnac_bundle_get_info(l->bundle, &info);
    l->error = INFINITY;
    if (gnnac_context_create(&options, &c, &l->err) == GNNAC_OK &&
        gnnac_model_create(c, l->bundle, &m, &l->err) == GNNAC_OK &&
        gnnac_model_init_weights(m, 7, &l->err) == GNNAC_OK) {
        l->error = 0;
        run_often(l, m, &info);
    }
    gnnac_model_destroy(m);
    gnnac_context_destroy(c);
    return NULL;
}

// Whether there is a second one, that this bundle is for.
static bool has_second_gpu(const gnnac_bundle *b)
{
    const gnnac_context_options options = {.struct_size = sizeof(options),
                                           .device = "cuda:1"};
    gnnac_context *c = NULL;
    gnnac_model *m = NULL;
    bool has = gnnac_context_create(&options, &c, NULL) == GNNAC_OK &&
               gnnac_model_create(c, b, &m, NULL) == GNNAC_OK;
    gnnac_model_destroy(m);
    gnnac_context_destroy(c);
    return has;
}

TEST(models_run_on_several_devices_at_once)
{
    struct csr g = gpu_random_graph(700, 4, 3);
    const struct model_request rq = {.name = "gin", .dim = 24, .hidden = 40,
                                     .classes = 7, .layers = 3};
    gnnac_error err = {{0}};
    gnnac_bundle *b = gpu_bundle(&g, &rq, &(struct gpu_build){0}, &err);
    struct lane lanes[N_CONTEXTS];
    pthread_t threads[N_CONTEXTS];
    if (!b) {
        TEST__FAIL("%s", err.msg);
        csr_finish(&g);
        return;
    }
    bool two = has_second_gpu(b);
    float *x = gpu_features(g.n_nodes * rq.dim, 5);
    printf("# %s\n", two ? "two GPUs" : "one GPU, twice");
    for (int i = 0; i < N_CONTEXTS; i++) {
        lanes[i] = (struct lane){.device = two && i ? "cuda:1" : "cuda:0",
                                 .bundle = b, .x = x,
                                 .y = gpu_features(g.n_nodes * rq.classes, 6)};
        CHECK_INT(pthread_create(&threads[i], NULL, work, &lanes[i]), 0);
    }
    for (int i = 0; i < N_CONTEXTS; i++) {
        pthread_join(threads[i], NULL);
        if (!(lanes[i].error <= 1))
            TEST__FAIL("%s: %g times the allowed error. %s", lanes[i].device,
                       lanes[i].error, lanes[i].err.msg);
    }
    for (int i = 0; i < N_CONTEXTS; i++)
        free(lanes[i].y);
    free(x);
    gnnac_bundle_close(b);
    csr_finish(&g);
}

int main(void)
{
    struct cuda_context *gpu = gpu_open();
    if (!gpu)
        return 0;
    cuda_context_destroy(gpu);
    RUN(models_run_on_several_devices_at_once);
    return test_done();
}
