// What the GPU tests share: the device, graphs as CSR, compiled bundles, and
// the reference that results are held against.
#ifndef GNNAC_GPU_FIXTURE_H
#define GNNAC_GPU_FIXTURE_H

#include "cuda/cuda_context.h"
#include "graph/csr.h"
#include "graph/load.h"
#include "kernel/graphs.h"
#include "test.h"
#include "tune/assemble.h"

// Databases and files of this program; removed by no one, the runner gives a
// folder of its own.
static inline const char *gpu_folder(void)
{
    const char *folder = getenv("GNNAC_TEST_FOLDER");
    return folder ? folder : ".";
}

// "cubin" or "ptx": what kernels for this very GPU must come from. A software
// device may refuse cubins.
static inline const char *gpu_level(void)
{
    const char *level = getenv("GNNAC_TEST_LEVEL");
    return level ? level : "cubin";
}

// The first GPU; NULL after printing a plan that skips the program.
static inline struct cuda_context *gpu_open(void)
{
    struct cuda_context *c = NULL;
    char name[128];
    gnnac_error err = {{0}};
    gnnac_status st = cuda_context_create(0, &c, name, sizeof(name), &err);
    if (st != GNNAC_OK)
        printf("1..0 # SKIP %s\n", err.msg);
    else
        printf("# %s\n", name);
    return c;
}

// A program's text with a part of it replaced. Owned by the caller.
static inline char *gpu_replaced(const char *text, const char *from,
                                 const char *to)
{
    const char *at = strstr(text, from);
    size_t n = strlen(text) + strlen(to) + 1;
    char *out = calloc(1, n);
    CHECK(at != NULL);
    if (at && out)
        snprintf(out, n, "%.*s%s%s", (int)(at - text), text, to,
                 at + strlen(from));
    return out;
}

// A view of a mini graph.
static inline struct csr gpu_csr(struct mini_graph *g)
{
    return (struct csr){g->n_nodes, g->n_edges, g->rowptr, g->colidx, NULL};
}

// Every node draws up to 2 * degree in-neighbours; every 7th has none, node 1
// is a hub; duplicates and self loops happen. Owned.
static inline struct csr gpu_random_graph(int64_t n, int degree, uint64_t seed)
{
    struct csr g = {.n_nodes = n};
    g.rowptr = calloc((size_t)n + 1, sizeof(*g.rowptr));
    g.colidx = malloc((size_t)(n * (2 * degree + 1) + 100 * degree) *
                      sizeof(*g.colidx));
    for (int64_t v = 0; v < n; v++) {
        uint64_t d = rng_below(seed, (uint64_t)v, 2 * (uint64_t)degree + 1);
        d = v % 7 == 0 ? 0 : v == 1 ? 100 * (uint64_t)degree : d;
        for (uint64_t k = 0; k < d; k++)
            g.colidx[g.n_edges++] =
                (int32_t)rng_below(seed + 1 + (uint64_t)v, k, (uint64_t)n);
        g.rowptr[v + 1] = g.n_edges;
    }
    return g;
}

// How to compile; zeros are what a user gets.
struct gpu_build {
    const char *arch;
    bool no_fuse; // --no-fuse
    bool no_ptx; // where native images are taken, always so but for `arch`
    bool timed;
    const char *settings[4]; // --set
    const char *reorder;     // --reorder
    bool train;              // --train
    bool sparse;             // --sparse
    bool whole;              // --whole on
    const char *operators;   // --ops
    const char *rules;       // --rules: a file
};

// The graph goes through a file, as a user's would. NULL with `err`.
static inline gnnac_bundle *gpu_bundle(const struct csr *g,
                                       const struct model_request *model,
                                       const struct gpu_build *build,
                                       gnnac_error *err)
{
    // Who takes native images of this GPU takes no PTX: half the compiling.
    const bool native = !build->arch && strcmp(gpu_level(), "cubin") == 0;
    struct workbench_request rq = {.device = "cuda:0",
                                   .arch = build->arch,
                                   .no_ptx = build->no_ptx || native,
                                   .no_fuse = build->no_fuse,
                                   .db = gpu_folder(),
                                   .timed = build->timed,
                                   .settings = build->settings,
                                   .rules = &build->rules,
                                   .n_rules = build->rules != NULL};
    while (rq.n_settings < 4 && build->settings[rq.n_settings])
        rq.n_settings++;
    struct graph_options opt = {.n_nodes = g->n_nodes};
    char graph[512], out[512];
    const struct assemble_request what = {.graph = graph,
                                          .options = &opt,
                                          .model = model,
                                          .reorder = build->reorder,
                                          .train = build->train,
                                          .sparse = build->sparse,
                                          .whole = build->whole,
                                          .operators = build->operators};
    struct workbench wb = {0};
    struct assembly a = {0};
    gnnac_bundle *bundle = NULL;
    snprintf(graph, sizeof(graph), "%s/graph.npz", gpu_folder());
    snprintf(out, sizeof(out), "%s/test.gnnb", gpu_folder());
    if (graph_save(graph, g, err) == GNNAC_OK &&
        workbench_open(&rq, &wb, err) == GNNAC_OK &&
        assemble(&wb, &what, &a, err) == GNNAC_OK &&
        assembly_write(&a, out, err) == GNNAC_OK)
        gnnac_bundle_open(out, &bundle, err);
    assembly_finish(&a);
    workbench_close(&wb);
    return bundle;
}

static inline float *gpu_features(int64_t n, uint64_t seed)
{
    float *x = malloc((size_t)(n ? n : 1) * sizeof(*x));
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)rng_normal(seed, (uint64_t)i);
    return x;
}

// The largest error of `y` over its bound; above 1 is wrong, -1 means that the
// reference itself failed.
static inline double gpu_error(gnnac_model *m, const gnnac_bundle_info *info,
                               const float *x, const float *y, gnnac_error *err)
{
    size_t n = (size_t)(info->n_nodes * info->out_dim);
    double *want = malloc((n + 1) * sizeof(*want));
    double *bound = malloc((n + 1) * sizeof(*bound)), worst = 0;
    if (gnnac_model_reference(m, x, want, bound, err) != GNNAC_OK)
        worst = -1;
    for (size_t i = 0; i < n && worst >= 0; i++) {
        double error = fabs(y[i] - want[i]);
        double ratio = error == 0 ? 0 : error / bound[i];
        if (!(ratio <= worst))
            worst = isnan(ratio) ? INFINITY : ratio;
    }
    free(want);
    free(bound);
    return worst;
}

// CHECK that a call succeeded, showing its message.
#define CHECK_OK(call, err)                         \
    do {                                            \
        if ((call) != GNNAC_OK)                     \
            TEST__FAIL("%s: %s", #call, (err).msg); \
    } while (0)

#endif
