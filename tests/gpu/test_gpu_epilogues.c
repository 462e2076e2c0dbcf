// Products by BLAS that end with a bias and an activation: through a double of
// cuBLASLt, which computes what it was told from the descriptions, and through
// cuBLASLt itself where it is.
#include "backend.h"
#include "cuda/cuda_model.h"
#include "gpu_fixture.h"

static gnnac_context *ctx;
static struct csr graph;

// ---- the double -------------------------------------------------------------

struct lt_desc_st {
    int transposed;
    uint32_t epilogue;
    const void *bias;
};
struct lt_layout_st {
    uint64_t rows, columns;
    int64_t pitch;
};
struct lt_preference_st {
    uint64_t workspace;
    uint32_t alignment[4];
};

enum { PICKED = 77 }; // stands for an algorithm

static struct {
    int n_products, n_live; // run; descriptions that are not destroyed
    bool refuses;
} lt;

static int fake_desc(lt_desc *desc, int compute_type, int scale_type)
{
    CHECK_INT(compute_type, CUBLAS_COMPUTE_32F);
    CHECK_INT(scale_type, CUDA_R_32F);
    *desc = calloc(1, sizeof(**desc));
    lt.n_live++;
    return 0;
}

static int fake_desc_end(lt_desc desc)
{
    lt.n_live--;
    free(desc);
    return 0;
}

static int fake_desc_set(lt_desc desc, int attribute, const void *value,
                         size_t n_bytes)
{
    void *to = attribute == CUBLASLT_TRANSA     ? (void *)&desc->transposed
               : attribute == CUBLASLT_EPILOGUE ? (void *)&desc->epilogue
                                                : (void *)&desc->bias;
    memcpy(to, value, n_bytes);
    return 0;
}

static int fake_layout(lt_layout *layout, int type, uint64_t rows,
                       uint64_t columns, int64_t pitch)
{
    CHECK_INT(type, CUDA_R_32F);
    *layout = calloc(1, sizeof(**layout));
    **layout = (struct lt_layout_st){rows, columns, pitch};
    lt.n_live++;
    return 0;
}

static int fake_layout_end(lt_layout layout)
{
    lt.n_live--;
    free(layout);
    return 0;
}

static int fake_preference(lt_preference *preference)
{
    *preference = calloc(1, sizeof(**preference));
    lt.n_live++;
    return 0;
}

static int fake_preference_end(lt_preference preference)
{
    lt.n_live--;
    free(preference);
    return 0;
}

static int fake_preference_set(lt_preference p, int attribute,
                               const void *value, size_t n_bytes)
{
    void *to = attribute == CUBLASLT_MAX_WORKSPACE
                   ? (void *)&p->workspace
                   : (void *)&p->alignment[attribute - CUBLASLT_ALIGNMENT_A];
    memcpy(to, value, n_bytes);
    return 0;
}

static int fake_pick(cublas_handle handle, lt_desc desc, lt_layout a,
                     lt_layout b, lt_layout c, lt_layout d,
                     lt_preference preference, int n_wanted,
                     struct lt_heuristic *found, int *n)
{
    CHECK(handle && desc && a && b && c == d && n_wanted == 1);
    CHECK_INT(preference->workspace, BLAS_WORKSPACE_BYTES);
    for (int i = 0; i < 4; i++)
        CHECK_INT(preference->alignment[i], 16);
    *n = !lt.refuses;
    *found = (struct lt_heuristic){.algorithm = {{PICKED}}};
    return lt.refuses ? 15 : 0; // CUBLAS_STATUS_NOT_SUPPORTED
}

// A matrix as it lies on the device, up to its last element.
static float *fetch(const void *from, lt_layout l)
{
    size_t n = (size_t)l->pitch * (l->columns - 1) + l->rows;
    float *to = malloc(n * sizeof(*to));
    CHECK_INT(ctx->cuda->cu.cuMemcpyDtoH_v2(to, (uintptr_t)from,
                                            n * sizeof(*to)), 0);
    return to;
}

static float ended(const struct lt_desc_st *desc, const float *bias, uint64_t i,
                   double sum)
{
    sum += desc->epilogue & CUBLASLT_BIAS ? bias[i] : 0;
    return sum < 0 && desc->epilogue & CUBLASLT_RELU ? 0 : (float)sum;
}

static void multiply(lt_desc desc, const float *a, lt_layout la, const float *b,
                     lt_layout lb, double beta, const float *bias, float *d,
                     lt_layout ld)
{
    for (uint64_t j = 0; j < ld->columns; j++)
        for (uint64_t i = 0; i < ld->rows; i++) {
            float *to = &d[(int64_t)j * ld->pitch + (int64_t)i];
            double sum = beta == 0 ? 0 : beta * *to;
            for (uint64_t k = 0; k < lb->rows; k++)
                sum += (double)a[(int64_t)i * la->pitch + (int64_t)k] *
                       b[(int64_t)j * lb->pitch + (int64_t)k];
            *to = ended(desc, bias, i, sum);
        }
}

static int fake_matmul(cublas_handle handle, lt_desc desc, const void *alpha,
                       const void *a, lt_layout la, const void *b, lt_layout lb,
                       const void *beta, const void *c, lt_layout lc, void *d,
                       lt_layout ld, const struct lt_algorithm *algorithm,
                       void *workspace, size_t workspace_bytes,
                       cu_stream stream)
{
    const struct driver_calls *cu = &ctx->cuda->cu;
    struct lt_layout_st column = {ld->rows, 1, (int64_t)ld->rows};
    CHECK(handle && workspace && workspace_bytes == BLAS_WORKSPACE_BYTES);
    CHECK(*(const float *)alpha == 1 && c == d && lc == ld);
    CHECK(desc->transposed == CUBLAS_T && algorithm->opaque[0] == PICKED);
    CHECK_INT(cu->cuStreamSynchronize(stream), 0);
    float *ha = fetch(a, la), *hb = fetch(b, lb), *hd = fetch(d, ld);
    float *bias = desc->bias ? fetch(desc->bias, &column) : NULL;
    multiply(desc, ha, la, hb, lb, *(const float *)beta, bias, hd, ld);
    size_t n = (size_t)ld->pitch * (ld->columns - 1) + ld->rows;
    CHECK_INT(cu->cuMemcpyHtoD_v2((uintptr_t)d, hd, n * sizeof(*hd)), 0);
    lt.n_products++;
    free(ha);
    free(hb);
    free(hd);
    free(bias);
    return 0;
}

static struct cublas_calls with_double(struct cublas_calls blas)
{
    blas.cublasLtMatmulDescCreate = fake_desc;
    blas.cublasLtMatmulDescDestroy = fake_desc_end;
    blas.cublasLtMatmulDescSetAttribute = fake_desc_set;
    blas.cublasLtMatrixLayoutCreate = fake_layout;
    blas.cublasLtMatrixLayoutDestroy = fake_layout_end;
    blas.cublasLtMatmulPreferenceCreate = fake_preference;
    blas.cublasLtMatmulPreferenceDestroy = fake_preference_end;
    blas.cublasLtMatmulPreferenceSetAttribute = fake_preference_set;
    blas.cublasLtMatmulAlgoGetHeuristic = fake_pick;
    blas.cublasLtMatmul = fake_matmul;
    return blas;
}

// ---- models -----------------------------------------------------------------

// How many products of each BLAS computes and a bias ends.
static const struct {
    struct model_request rq;
    int n_ended;
} cases[] = {
    {{.name = "gcn", .dim = 8, .classes = 100, .layers = 1}, 1},
    {{.name = "sage", .dim = 4, .classes = 33, .layers = 1}, 1},
    // Too deep for few rows: tensor cores of ours leave them to BLAS. Narrower
    // before the product, sums come first: a bias is behind every product.
    {{.name = "gin", .dim = 130, .hidden = 140, .classes = 150, .layers = 2,
      .mlp = 2}, 4},
    {{.name = "gin", .dim = 24, .hidden = 8, .classes = 4, .layers = 2,
      .mlp = 2}, 0},
    {{.name = "gin", .dim = 24, .hidden = 32, .classes = 40, .layers = 2,
      .mlp = 2, .dtype = DTYPE_BF16}, 0},
};
enum { N_CASES = sizeof(cases) / sizeof(cases[0]) };

static int count_planned(const struct cuda_model *cm)
{
    int n = 0;
    for (int32_t i = 0; i < MAX_STEPS; i++)
        n += cm->epilogues[i].desc != NULL;
    return n;
}

// Of the model that ran last, wide products that its kernels leave to BLAS.
static int n_relieved;

static int count_relieved(const struct cuda_model *cm)
{
    int n = 0;
    for (int32_t i = 0; i < MAX_STEPS; i++)
        n += cm->relieved[i];
    return n;
}

// Those of them that read or write 16 bits.
static int count_halves(const struct cuda_model *cm)
{
    const struct program *p = &cm->m->bundle->manifest->program;
    int n = 0;
    for (int32_t i = 0; i < p->n_steps; i++)
        n += cm->relieved[i] &&
             (p->buffers[p->steps[i].x].dtype != DTYPE_F32 ||
              p->buffers[p->steps[i].out].dtype != DTYPE_F32);
    return n;
}

// What a test makes of the bundle before it is loaded.
static void (*doctor)(struct manifest *m);

// The epilogues planned; -1 when the result is wrong.
static int run_model(const struct model_request *rq)
{
    const struct gpu_build build = {0};
    gnnac_error err = {{0}};
    gnnac_model *m = NULL;
    gnnac_bundle_info info = {0};
    gnnac_bundle *b = gpu_bundle(&graph, rq, &build, &err);
    if (b)
        gnnac_bundle_get_info(b, &info);
    if (b && doctor)
        doctor(b->manifest);
    float *x = gpu_features(info.n_nodes * info.in_dim, 5);
    float *y = gpu_features(info.n_nodes * info.out_dim, 6);
    double error = -1;
    int n = -1;
    if (b && gnnac_model_create(ctx, b, &m, &err) == GNNAC_OK &&
        gnnac_model_init_weights(m, 7, &err) == GNNAC_OK &&
        gnnac_model_run(m, x, y, &err) == GNNAC_OK)
        error = gpu_error(m, &info, x, y, &err);
    if (error >= 0 && error <= 1) {
        n = count_planned(m->cuda);
        n_relieved = count_relieved(m->cuda);
        CHECK_INT(count_halves(m->cuda), 0);
    } else {
        TEST__FAIL("%s: %g times the allowed error. %s", rq->name, error,
                   err.msg);
    }
    gnnac_model_destroy(m);
    gnnac_bundle_close(b);
    free(x);
    free(y);
    return n;
}

TEST(products_by_blas_end_with_bias_and_activation)
{
    for (int i = 0; i < N_CASES; i++) {
        lt.n_products = 0;
        CHECK_INT(run_model(&cases[i].rq), cases[i].n_ended);
        CHECK_INT(lt.n_products, cases[i].n_ended);
        CHECK_INT(lt.n_live, 0);
    }
}

TEST(what_cublaslt_cannot_do_is_done_apart)
{
    lt.refuses = true;
    lt.n_products = 0;
    CHECK_INT(run_model(&cases[2].rq), 0);
    CHECK_INT(lt.n_products, 0);
    CHECK_INT(lt.n_live, 0);
    lt.refuses = false;
}

// Four products, three of them with a bias and an activation behind.
static const struct model_request wide = {.name = "gin", .dim = 24,
                                          .hidden = 32, .classes = 40,
                                          .layers = 2, .mlp = 2};

TEST(wide_products_from_ptx_are_left_to_blas)
{
    bool ptx = strcmp(gpu_level(), "ptx") == 0;
    int n_ended = run_model(&wide);
    CHECK_INT(n_relieved > 0, ptx);
    CHECK_INT(n_ended > 0, ptx);
    CHECK_INT(lt.n_live, 0);
    // Without an epilogue those alone that nothing ends.
    int n_all = n_relieved;
    lt.refuses = true;
    CHECK_INT(run_model(&wide), 0);
    CHECK_INT(n_relieved, n_all - n_ended);
    lt.refuses = false;
}

static void call_all_wide(struct manifest *m)
{
    for (int32_t i = 0; i < m->n_kernels; i++)
        strcpy(m->kernels[i].family, "linear_mma");
}

// A manifest's word is no reason to write float32 over halves.
TEST(products_of_halves_are_not_left_to_blas_for_their_family)
{
    const struct model_request halves = {.name = "gcn", .dim = 60,
                                         .hidden = 8, .classes = 4,
                                         .dtype = DTYPE_F16};
    doctor = call_all_wide;
    CHECK(run_model(&halves) >= 0);
    doctor = NULL;
}

TEST(the_environment_may_ask_for_both_steps)
{
    setenv("GNNAC_EPILOGUES", "0", 1);
    CHECK_INT(run_model(&cases[2].rq), 0);
    unsetenv("GNNAC_EPILOGUES");
}

TEST(cublaslt_itself_is_right)
{
    if (!ctx->cuda->blas.cublasLtMatmul)
        SKIP("there is no cuBLASLt");
    for (int i = 0; i < N_CASES; i++)
        CHECK_INT(run_model(&cases[i].rq), cases[i].n_ended);
}

int main(void)
{
    gnnac_error err = {{0}};
    struct cuda_context *gpu = gpu_open();
    const gnnac_context_options options = {.struct_size = sizeof(options),
                                           .device = "cuda:0"};
    if (!gpu)
        return 0;
    cuda_context_destroy(gpu);
    if (gnnac_context_create(&options, &ctx, &err) != GNNAC_OK) {
        printf("not ok 1 - %s\n1..1\n", err.msg);
        return 1;
    }
    graph = gpu_random_graph(150, 3, 1);
    RUN(cublaslt_itself_is_right);
    ctx->cuda->blas = with_double(ctx->cuda->blas);
    RUN(products_by_blas_end_with_bias_and_activation);
    RUN(what_cublaslt_cannot_do_is_done_apart);
    RUN(wide_products_from_ptx_are_left_to_blas);
    RUN(products_of_halves_are_not_left_to_blas_for_their_family);
    RUN(the_environment_may_ask_for_both_steps);
    gnnac_context_destroy(ctx);
    csr_finish(&graph);
    return test_done();
}
