// Features that are made once, on a GPU: by sparse rows, or dense where there
// is no kernel for those.
#include "gpu_loaded.h"

// Of every third element; by rows, and the same as a dense matrix.
struct sparse_x {
    gnnac_features given;
    float *dense, *values;
    int64_t *rowptr;
    int32_t *colidx;
};

static void make_sparse(struct sparse_x *x, const gnnac_bundle_info *info)
{
    int64_t n = info->n_nodes * info->in_dim, e = 0;
    x->dense = gpu_features(n, 3);
    x->values = malloc((size_t)(n + 1) * sizeof(float));
    x->colidx = malloc((size_t)(n + 1) * sizeof(int32_t));
    x->rowptr = calloc((size_t)info->n_nodes + 1, sizeof(int64_t));
    for (int64_t i = 0; i < n; i++) {
        if (rng_below(6, (uint64_t)i, 3) == 0) {
            x->colidx[e] = (int32_t)(i % info->in_dim);
            x->values[e++] = x->dense[i];
        } else {
            x->dense[i] = 0;
        }
        x->rowptr[i / info->in_dim + 1] = e;
    }
    x->given = (gnnac_features){.struct_size = sizeof(x->given),
                                .rowptr = x->rowptr,
                                .colidx = x->colidx,
                                .values = x->values,
                                .form = GNNAC_FORM_SPARSE};
}

static void free_sparse(struct sparse_x *x)
{
    free(x->dense);
    free(x->values);
    free(x->colidx);
    free(x->rowptr);
}

// A model, features of it, and two places where it may run.
struct inputs {
    struct loaded l;
    struct sparse_x x;
    gnnac_input *in;
    cu_ptr y[2], workspace[2];
    cu_stream stream[2];
};

static bool open_inputs(struct inputs *s, const char *model, int32_t dim,
                        int32_t hidden, const struct gpu_build *build)
{
    gnnac_error err = {{0}};
    *s = (struct inputs){.in = NULL};
    if (!load_wide(&s->l, model, dim, hidden, build))
        return false;
    make_sparse(&s->x, &s->l.info);
    CHECK_OK(gnnac_input_create(s->l.model, &s->x.given, &s->in, &err), err);
    if (!s->in)
        return false;
    CHECK(gnnac_input_is_sparse(s->in));
    size_t n_bytes = gnnac_input_workspace_size(s->in);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(cuda_alloc(gpu, s->l.y_bytes, "y", &s->y[i], &err), err);
        CHECK_OK(cuda_alloc(gpu, n_bytes, "workspace", &s->workspace[i], &err),
                 err);
        CHECK_OK(CU(gpu, cuStreamCreate,
                    (&s->stream[i], CU_STREAM_NON_BLOCKING), &err), err);
    }
    return err.msg[0] == '\0';
}

static void close_inputs(struct inputs *s)
{
    gnnac_input_destroy(s->in);
    for (int i = 0; i < 2; i++) {
        cuda_free(gpu, s->y[i]);
        cuda_free(gpu, s->workspace[i]);
        if (s->stream[i])
            gpu->cu.cuStreamDestroy_v2(s->stream[i]);
    }
    if (s->x.dense)
        free_sparse(&s->x);
    unload(&s->l);
}

static gnnac_status queue(struct inputs *s, int i, gnnac_error *err)
{
    return gnnac_input_forward(s->in, (float *)(uintptr_t)s->y[i],
                               (void *)(uintptr_t)s->workspace[i],
                               gnnac_input_workspace_size(s->in), s->stream[i],
                               err);
}

static void check_output(struct inputs *s, int i)
{
    gnnac_error err = {{0}};
    float *y = gpu_features(s->l.info.n_nodes * s->l.info.out_dim, 1);
    CHECK_OK(CU(gpu, cuStreamSynchronize, (s->stream[i]), &err), err);
    CHECK_OK(CU(gpu, cuMemcpyDtoH_v2, (y, s->y[i], s->l.y_bytes), &err), err);
    double error = gpu_error(s->l.model, &s->l.info, s->x.dense, y, &err);
    if (!(error >= 0 && error <= 1))
        TEST__FAIL("%g times the allowed error", error);
    free(y);
}

static const struct gpu_build narrow = {.sparse = true};

TEST(sparse_features_run_on_two_streams_at_once)
{
    static const char *const models[] = {"gcn", "gin", "sage", "gat", "gatv2"};
    for (int i = 0; i < 5; i++) {
        struct inputs s;
        gnnac_error err = {{0}};
        if (open_inputs(&s, models[i], 20, 16, &narrow)) {
            CHECK_OK(queue(&s, 0, &err), err);
            CHECK_OK(queue(&s, 1, &err), err);
            check_output(&s, 0);
            check_output(&s, 1);
        }
        close_inputs(&s);
    }
}

// Manual mode leaves wide products to cuBLAS, those of the features but for
// sparse ones: their kernel's memory and cuBLAS's stand side by side.
TEST(sparse_features_and_products_by_cublas_share_a_workspace)
{
    static const char *const models[] = {"gcn", "gin", "sage", "gat", "gatv2"};
    const struct gpu_build build = {.sparse = true,
                                    .settings = {"partSize=32"}};
    for (int i = 0; i < 5; i++) {
        struct inputs s;
        gnnac_error err = {{0}};
        if (open_inputs(&s, models[i], 90, 72, &build)) {
            size_t n_bytes = gnnac_input_workspace_size(s.in);
            CHECK(n_bytes > s.l.workspace_bytes);
            for (int k = 0; k < 2; k++) {
                CHECK_OK(queue(&s, k, &err), err);
                check_blas_memory(s.workspace[k], n_bytes);
            }
            check_output(&s, 0);
            check_output(&s, 1);
        }
        close_inputs(&s);
    }
}

TEST(a_captured_forward_of_sparse_features_sees_new_weights)
{
    struct inputs s;
    void *recorded = NULL, *exec = NULL;
    gnnac_error err = {{0}};
    if (open_inputs(&s, "gcn", 20, 16, &narrow)) {
        CHECK_INT(more.cuStreamBeginCapture_v2(s.stream[0], 0), 0);
        CHECK_OK(queue(&s, 0, &err), err);
        CHECK_INT(more.cuStreamEndCapture(s.stream[0], &recorded), 0);
        CHECK_INT(more.cuGraphInstantiateWithFlags(&exec, recorded, 0), 0);
        for (uint64_t seed = 1; seed <= 2; seed++) {
            CHECK_OK(gnnac_model_init_weights(s.l.model, seed, &err), err);
            CHECK_INT(more.cuGraphLaunch(exec, s.stream[0]), 0);
            check_output(&s, 0);
        }
        more.cuGraphExecDestroy(exec);
        more.cuGraphDestroy(recorded);
    }
    close_inputs(&s);
}

TEST(without_a_kernel_for_them_sparse_features_are_made_dense_or_refused)
{
    struct loaded l;
    struct sparse_x x = {.dense = NULL};
    gnnac_error err = {{0}};
    gnnac_input *in = NULL;
    if (load(&l, "gcn", &(struct gpu_build){0})) {
        float *y = gpu_features(l.info.n_nodes * l.info.out_dim, 1);
        make_sparse(&x, &l.info);
        CHECK_INT(gnnac_input_create(l.model, &x.given, &in, &err),
                  GNNAC_EUNSUPPORTED);
        CHECK_HAS(err.msg, "no kernel that reads sparse features on a GPU: "
                           "compile it with --sparse");
        CHECK(!in);
        x.given.form = GNNAC_FORM_AUTO;
        CHECK_OK(gnnac_input_create(l.model, &x.given, &in, &err), err);
        CHECK(!gnnac_input_is_sparse(in));
        CHECK_OK(gnnac_input_run(in, y, &err), err);
        double error = gpu_error(l.model, &l.info, x.dense, y, &err);
        CHECK(error >= 0 && error <= 1);
        gnnac_input_destroy(in);
        free(y);
        free_sparse(&x);
    }
    unload(&l);
}

TEST(kernels_for_sparse_features_of_another_version_are_named_as_such)
{
    struct loaded l;
    struct sparse_x x = {.dense = NULL};
    gnnac_error err = {{0}};
    gnnac_input *in = NULL;
    if (load(&l, "gcn", &narrow)) {
        strcpy(l.bundle->manifest->sparse.rules, "0");
        make_sparse(&x, &l.info);
        CHECK_INT(gnnac_input_create(l.model, &x.given, &in, &err),
                  GNNAC_EUNSUPPORTED);
        CHECK_STR(err.msg, "the bundle's kernels for sparse features are of "
                           "another version of gnnac: compile it anew");
        free_sparse(&x);
    }
    unload(&l);
}

int main(void)
{
    int status;
    if (!loaded_begin(&status))
        return status;
    RUN(sparse_features_run_on_two_streams_at_once);
    RUN(sparse_features_and_products_by_cublas_share_a_workspace);
    RUN(a_captured_forward_of_sparse_features_sees_new_weights);
    RUN(without_a_kernel_for_them_sparse_features_are_made_dense_or_refused);
    RUN(kernels_for_sparse_features_of_another_version_are_named_as_such);
    return loaded_end();
}
