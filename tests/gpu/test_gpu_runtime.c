// What the public interface promises on a GPU: the caller's stream and memory,
// stream capture, errors that leave nothing behind, the ladder of images.
#include "gpu_replay.h"

static gnnac_status forward(struct loaded *l, size_t workspace_bytes,
                            gnnac_error *err)
{
    return gnnac_model_forward(l->model, (const float *)(uintptr_t)l->x,
                               (float *)(uintptr_t)l->y,
                               (void *)(uintptr_t)l->workspace,
                               workspace_bytes, l->stream, err);
}

// `execute` runs on features of this seed, and its result is right.
static void check_pass(struct loaded *l, uint64_t seed,
                       gnnac_status (*execute)(struct loaded *, void *,
                                               gnnac_error *),
                       void *arg)
{
    gnnac_error err = {{0}};
    float *x = gpu_features(l->info.n_nodes * l->info.in_dim, seed);
    float *y = gpu_features(l->info.n_nodes * l->info.out_dim, seed);
    CHECK_OK(cuda_copy_in(gpu, l->x, x, l->x_bytes, &err), err);
    CHECK_OK(execute(l, arg, &err), err);
    CHECK_OK(CU(gpu, cuStreamSynchronize, (l->stream), &err), err);
    CHECK_OK(CU(gpu, cuMemcpyDtoH_v2, (y, l->y, l->y_bytes), &err), err);
    double error = gpu_error(l->model, &l->info, x, y, &err);
    if (!(error >= 0 && error <= 1))
        TEST__FAIL("%g times the allowed error", error);
    free(x);
    free(y);
}

static gnnac_status run_forward(struct loaded *l, void *arg, gnnac_error *err)
{
    (void)arg;
    return forward(l, l->workspace_bytes, err);
}

static gnnac_status run_graph(struct loaded *l, void *arg, gnnac_error *err)
{
    return driver_status(&gpu->cu, "cuGraphLaunch",
                         more.cuGraphLaunch(arg, l->stream), err);
}

TEST(forward_uses_the_callers_memory_and_stream)
{
    static const char *const models[] = {"gcn", "gin", "sage"};
    for (int i = 0; i < 3; i++) {
        struct loaded l;
        if (load(&l, models[i], &(struct gpu_build){0})) {
            check_pass(&l, 1, run_forward, NULL);
            check_pass(&l, 2, run_forward, NULL);
        }
        unload(&l);
    }
}

TEST(a_captured_forward_can_be_replayed_with_other_features)
{
    struct loaded l;
    if (load(&l, "gin", &(struct gpu_build){.reorder = "rabbit"})) {
        struct replay replay = capture_forward(&l, l.workspace);
        check_pass(&l, 3, run_graph, replay.exec);
        check_pass(&l, 4, run_graph, replay.exec);
        forget_replay(&replay);
    }
    unload(&l);
}

// ---- products by cuBLAS -----------------------------------------------------

// Of features `x`, as a multiple of the error that `math` allows.
static double error_under(struct loaded *l, gnnac_math math, const float *x,
                          const float *y)
{
    gnnac_error err = {{0}};
    CHECK_OK(gnnac_model_set_math(l->model, math, &err), err);
    return gpu_error(l->model, &l->info, x, y, &err);
}

static void run_with(struct loaded *l, gnnac_math math, const float *x,
                     float *y)
{
    gnnac_error err = {{0}};
    CHECK_OK(gnnac_model_set_math(l->model, math, &err), err);
    CHECK_OK(gnnac_model_run(l->model, x, y, &err), err);
    double error = error_under(l, math, x, y);
    if (!(error >= 0 && error <= 1))
        TEST__FAIL("math %d: %g times the allowed error", (int)math, error);
}

// Manual mode leaves wide products to cuBLAS. A software device rounds operands
// as tf32 does where RIG_TF32 says so, else not at all.
TEST(products_of_cublas_round_as_they_are_told_and_the_bounds_follow)
{
    static const char *const models[] = {"gcn", "gin", "sage"};
    for (int i = 0; i < 3; i++) {
        struct loaded l;
        if (load_wide(&l, models[i], 20, 72,
                      &(struct gpu_build){.settings = {"partSize=32"}})) {
            int64_t n = l.info.n_nodes * l.info.out_dim;
            float *x = gpu_features(l.info.n_nodes * l.info.in_dim, 1);
            float *y = gpu_features(n, 1), *plain = gpu_features(n, 1);
            run_with(&l, GNNAC_MATH_F32, x, plain);
            run_with(&l, GNNAC_MATH_BF16, x, y);
            run_with(&l, GNNAC_MATH_F16, x, y);
            run_with(&l, GNNAC_MATH_TF32, x, y);
            CHECK(error_under(&l, GNNAC_MATH_F32, x, y) > 1);
            run_with(&l, GNNAC_MATH_F32, x, y);
            CHECK(memcmp(y, plain, l.y_bytes) == 0);
            free(x);
            free(y);
            free(plain);
        }
        unload(&l);
    }
}

static void bounds_under(struct loaded *l, gnnac_math math, const float *x,
                         double *bound)
{
    gnnac_error err = {{0}};
    size_t n = l->y_bytes / sizeof(float);
    double *y = malloc(n * sizeof(*y));
    CHECK_OK(gnnac_model_set_math(l->model, math, &err), err);
    CHECK_OK(gnnac_model_reference(l->model, x, y, bound, &err), err);
    free(y);
}

// Tensor cores of a kernel are as accurate as float32; from PTX, which has
// none, cuBLAS computes instead.
TEST(bounds_follow_the_math_where_cublas_computes_alone)
{
    bool ptx = strcmp(gpu_level(), "ptx") == 0;
    struct loaded l;
    if (load_wide(&l, "gin", 20, 32, &(struct gpu_build){0})) {
        size_t n = l.y_bytes / sizeof(float);
        float *x = gpu_features(l.info.n_nodes * l.info.in_dim, 1);
        double *plain = malloc(n * sizeof(*plain));
        double *bound = malloc(n * sizeof(*bound));
        bounds_under(&l, GNNAC_MATH_F32, x, plain);
        bounds_under(&l, GNNAC_MATH_TF32, x, bound);
        CHECK_INT(memcmp(plain, bound, n * sizeof(*bound)) != 0, ptx);
        free(x);
        free(plain);
        free(bound);
    }
    unload(&l);
}

static gnnac_status run_twice_at_once(struct loaded *l, void *arg,
                                      gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    cu_ptr y = 0, workspace = 0;
    cu_stream *other = arg;
    float *both[] = {malloc(l->y_bytes), malloc(l->y_bytes)};
    TRY(cuda_alloc(gpu, l->y_bytes, "y", &y, err));
    TRY(cuda_alloc(gpu, l->workspace_bytes + 16, "workspace", &workspace, err));
    TRY(forward_on(l, y, workspace + 16, *other, err)); // as aligned as need be
    check_blas_memory(workspace + 16, l->workspace_bytes);
    TRY(forward_on(l, l->y, l->workspace, l->stream, err));
    check_blas_memory(l->workspace, l->workspace_bytes);
    TRY(CU(gpu, cuStreamSynchronize, (*other), err));
    TRY(CU(gpu, cuStreamSynchronize, (l->stream), err));
    TRY(CU(gpu, cuMemcpyDtoH_v2, (both[0], y, l->y_bytes), err));
    TRY(CU(gpu, cuMemcpyDtoH_v2, (both[1], l->y, l->y_bytes), err));
    CHECK(memcmp(both[0], both[1], l->y_bytes) == 0);
out:
    free(both[0]);
    free(both[1]);
    cuda_free(gpu, y);
    cuda_free(gpu, workspace);
    return st;
}

// Scratch memory of the model would be both's: all of it is the workspace's.
TEST(inferences_with_cublas_at_once_share_no_memory)
{
    struct loaded l;
    gnnac_error err = {{0}};
    cu_stream other = NULL;
    if (load_wide(&l, "sage", 20, 72,
                  &(struct gpu_build){.settings = {"partSize=32"}})) {
        CHECK(l.workspace_bytes > BLAS_WORKSPACE_BYTES);
        CHECK(!l.model->cuda->blas.owns);
        CHECK_OK(CU(gpu, cuStreamCreate, (&other, CU_STREAM_NON_BLOCKING),
                    &err), err);
        check_pass(&l, 1, run_twice_at_once, &other);
        gpu->cu.cuStreamDestroy_v2(other);
    }
    unload(&l);
}

// ---- memory and errors ------------------------------------------------------

TEST(forward_allocates_nothing)
{
    struct loaded l;
    size_t before = 0, after = 1, total;
    if (load(&l, "sage", &(struct gpu_build){.reorder = "rabbit"})) {
        check_pass(&l, 5, run_forward, NULL);
        gpu->cu.cuMemGetInfo_v2(&before, &total);
        check_pass(&l, 6, run_forward, NULL);
        gpu->cu.cuMemGetInfo_v2(&after, &total);
        CHECK_INT(after, before);
    }
    unload(&l);
}

TEST(a_workspace_that_is_too_small_or_misaligned_is_refused)
{
    struct loaded l;
    gnnac_error err = {{0}};
    if (load(&l, "gcn", &(struct gpu_build){0})) {
        CHECK_INT(forward(&l, l.workspace_bytes - 1, &err), GNNAC_EUSAGE);
        CHECK_HAS(err.msg, "workspace");
        l.workspace += 4;
        CHECK_INT(forward(&l, l.workspace_bytes, NULL), GNNAC_EUSAGE);
        l.workspace -= 4;
        check_pass(&l, 7, run_forward, NULL);
    }
    unload(&l);
}

TEST(forward_without_weights_is_refused)
{
    struct loaded l;
    gnnac_error err = {{0}};
    gnnac_model *bare = NULL;
    if (load(&l, "gcn", &(struct gpu_build){0})) {
        CHECK_OK(gnnac_model_create(ctx, l.bundle, &bare, &err), err);
        CHECK_INT(gnnac_model_forward(bare, (const float *)(uintptr_t)l.x,
                                      (float *)(uintptr_t)l.y,
                                      (void *)(uintptr_t)l.workspace,
                                      l.workspace_bytes, l.stream, &err),
                  GNNAC_EUSAGE);
        CHECK_HAS(err.msg, "weights");
        gnnac_model_destroy(bare);
    }
    unload(&l);
}

TEST(the_callers_context_stays_current)
{
    struct loaded l;
    gnnac_error err = {{0}};
    cu_context before, after;
    if (load(&l, "gcn", &(struct gpu_build){0})) {
        check_pass(&l, 9, run_forward, NULL);
        cuda_leave(gpu);
        more.cuCtxGetCurrent(&before);
        CHECK_OK(forward(&l, l.workspace_bytes, &err), err);
        more.cuCtxGetCurrent(&after);
        CHECK(before == after);
        CHECK_OK(cuda_enter(gpu, &err), err);
        gpu->cu.cuStreamSynchronize(l.stream);
    }
    unload(&l);
}

TEST(images_of_another_architecture_give_way_to_ptx)
{
    struct loaded l;
    const struct gpu_build foreign = {
        .arch = gpu->cc == 80 ? "sm_90" : "sm_80",
        .timed = true,
        .settings = {"template=row_split"}};
    if (load(&l, "gcn", &foreign)) {
        CHECK_STR(gnnac_model_load_level(l.model), "ptx");
        check_pass(&l, 8, run_forward, NULL);
    }
    unload(&l);
}

TEST(without_ptx_images_of_another_architecture_are_refused)
{
    struct csr g = gpu_random_graph(50, 3, 1);
    const struct model_request rq = {.name = "gcn", .dim = 4, .hidden = 4,
                                     .classes = 2, .layers = 2};
    const struct gpu_build foreign = {
        .arch = gpu->cc == 80 ? "sm_90" : "sm_80", .no_ptx = true};
    gnnac_error err = {{0}};
    gnnac_model *m = NULL;
    gnnac_bundle *b = gpu_bundle(&g, &rq, &foreign, &err);
    CHECK(b != NULL);
    CHECK(b && gnnac_model_create(ctx, b, &m, &err) == GNNAC_EUNSUPPORTED);
    CHECK(strstr(err.msg, "no image for this GPU") != NULL);
    gnnac_bundle_close(b);
    csr_finish(&g);
}

// Take memory until a MiB is not to be had; addresses go to `taken`.
static size_t hog(cu_ptr *taken, size_t most)
{
    size_t n = 0;
    for (size_t step = (size_t)64 << 30; step >> 20; step /= 2)
        while (n < most && gpu->cu.cuMemAlloc_v2(&taken[n], step) == 0)
            n++;
    return n;
}

TEST(running_out_of_gpu_memory_is_an_error_that_leaves_nothing_behind)
{
    cu_ptr taken[512];
    gnnac_error err = {{0}};
    gnnac_model *m = NULL;
    struct csr g = gpu_random_graph(60000, 20, 9);
    struct model_request rq = {.name = "gcn", .dim = 20, .classes = 6};
    CHECK_OK(cuda_enter(gpu, &err), err);
    size_t n = hog(taken, 512), total, before, after;
    // Timing does not fit either; the kernels are ranked instead.
    gnnac_bundle *b = gpu_bundle(&g, &rq, &(struct gpu_build){.timed = true},
                                 &err);
    CHECK_STR(err.msg, "");
    gpu->cu.cuMemGetInfo_v2(&before, &total);
    CHECK_INT(gnnac_model_create(ctx, b, &m, &err), GNNAC_ENOMEM);
    CHECK_HAS(err.msg, "out of GPU memory");
    gpu->cu.cuMemGetInfo_v2(&after, &total);
    CHECK_INT(after, before);
    while (n > 0)
        cuda_free(gpu, taken[--n]);
    err.msg[0] = '\0';
    CHECK_OK(gnnac_model_create(ctx, b, &m, &err), err);
    gnnac_model_destroy(m);
    cuda_leave(gpu);
    gnnac_bundle_close(b);
    csr_finish(&g);
}

TEST(an_ordinal_beyond_the_last_gpu_is_no_device)
{
    gnnac_error err = {{0}};
    gnnac_context *none = NULL;
    const gnnac_context_options options = {.struct_size = sizeof(options),
                                           .device = "cuda:63"};
    CHECK_INT(gnnac_context_create(&options, &none, &err), GNNAC_ENODEVICE);
    CHECK_HAS(err.msg, "cuda:63");
}

int main(void)
{
    int status;
    setenv("RIG_TF32", "1", 1); // before the libraries are there
    if (!loaded_begin(&status))
        return status;
    RUN(forward_uses_the_callers_memory_and_stream);
    RUN(a_captured_forward_can_be_replayed_with_other_features);
    RUN(products_of_cublas_round_as_they_are_told_and_the_bounds_follow);
    RUN(bounds_follow_the_math_where_cublas_computes_alone);
    RUN(inferences_with_cublas_at_once_share_no_memory);
    RUN(forward_allocates_nothing);
    RUN(a_workspace_that_is_too_small_or_misaligned_is_refused);
    RUN(forward_without_weights_is_refused);
    RUN(the_callers_context_stays_current);
    RUN(images_of_another_architecture_give_way_to_ptx);
    RUN(without_ptx_images_of_another_architecture_are_refused);
    RUN(running_out_of_gpu_memory_is_an_error_that_leaves_nothing_behind);
    RUN(an_ordinal_beyond_the_last_gpu_is_no_device);
    return loaded_end();
}
