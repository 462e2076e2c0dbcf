// How near `--reorder auto` comes to the best order: for each graph and order
// the rows that memory delivers and the seconds that it takes, then what auto
// chooses and how much worse that is than the best. Judges nothing.
//
// usage: auto_survey [--runs N] [--columns N] [--threads N] [--nodes N]
//                   [FILE...]
#include "bench_fixture.h"
#include "graph/locality.h"
#include "order/orders.h"
#include "order/reorder_auto.h"

static struct reorder_request request = {.runs = REORDER_RUNS};
static int n_surveyed, n_near;

static void fail(const gnnac_error *err)
{
    fprintf(stderr, "%s\n", err->msg);
    exit(1);
}

static double mean_misses(const char *name, const struct csr *g, double seconds,
                          double apply)
{
    gnnac_error err = {{0}};
    struct locality l;
    if (locality_measure(g, &l, &err) != GNNAC_OK)
        fail(&err);
    double e = (double)g->n_edges > 0 ? (double)g->n_edges : 1;
    double small = (double)l.lru_misses_small / e;
    double large = (double)l.lru_misses_large / e;
    printf("  %-10s %9.4f s %9.4f s  %.4f  %.4f  %.4f\n", name, seconds, apply,
           small, large, (small + large) / 2);
    return (small + large) / 2 * e;
}

// The least misses of any order, each computed and measured.
static double survey_orders(const struct csr *g, const char **best_name)
{
    gnnac_error err = {{0}};
    double best = 1e300;
    for (const struct order_method *m = order_methods; m->name; m++) {
        struct csr r;
        int32_t *perm = malloc((size_t)g->n_nodes * sizeof(*perm) + 1);
        double t0 = omp_get_wtime();
        if (!perm || order_compute(g, m->name, request.n_threads, perm, &err) !=
                         GNNAC_OK)
            fail(&err);
        double t1 = omp_get_wtime();
        if (csr_permute(g, perm, &r, &err) != GNNAC_OK)
            fail(&err);
        double misses = mean_misses(m->name, &r, t1 - t0, omp_get_wtime() - t1);
        if (misses < best) {
            best = misses;
            *best_name = m->name;
        }
        csr_finish(&r);
        free(perm);
    }
    return best;
}

static double chosen_misses(const struct reorder_choice *c)
{
    for (int i = 0; c->perm && i < c->n_estimates; i++)
        if (c->estimates[i].method == c->method)
            return c->estimates[i].misses;
    return c->given;
}

static void survey(const char *name, const struct csr *g)
{
    gnnac_error err = {{0}};
    struct reorder_choice c = {0};
    const char *best_name = "none";
    printf("%s: %lld nodes, %lld edges\n", name, (long long)g->n_nodes,
           (long long)g->n_edges);
    printf("  %-10s %11s %11s  %6s  %6s  %6s\n", "order", "compute", "apply",
           "1 Ki", "8 Ki", "mean");
    double best = survey_orders(g, &best_name), t0 = omp_get_wtime();
    if (reorder_choose(g, &request, &c, &err) != GNNAC_OK)
        fail(&err);
    double seconds = omp_get_wtime() - t0;
    double worse = best > 0 ? chosen_misses(&c) / best - 1 : 0;
    printf("  auto: %s in %.4f s, %.2f %% more misses than %s\n", c.method,
           seconds, 100 * worse, best_name);
    if (c.sample_low > 0 || c.sample_high < 1)
        printf("  sample: %.3f to %.3f of what an order can change\n",
               c.sample_low, c.sample_high);
    for (int i = 0; i < c.n_estimates; i++) {
        char text[128];
        reorder_estimate_text(&c.estimates[i], text, sizeof(text));
        printf("    %s\n", text);
    }
    printf("  why: %s\n", c.why);
    n_surveyed++;
    n_near += worse <= 0.05;
    reorder_choice_finish(&c);
    fflush(stdout);
}

static void survey_file(const char *path)
{
    const struct graph_options opt = {.n_threads = request.n_threads};
    struct csr g;
    gnnac_error err = {{0}};
    if (graph_load(path, &opt, &g, &err) != GNNAC_OK)
        fail(&err);
    survey(path, &g);
    csr_finish(&g);
}

static void survey_generated(const char *kind, int64_t nodes)
{
    const struct generate_options make = {
        .kind = kind, .nodes = nodes, .seed = 1};
    const struct graph_options opt = {.symmetrize = true,
                                      .n_threads = request.n_threads};
    struct csr g;
    gnnac_error err = {{0}};
    if (bench_generate(&make, &opt, &g, &err) != GNNAC_OK)
        fail(&err);
    survey(kind, &g);
    csr_finish(&g);
}

int main(int argc, char **argv)
{
    int64_t nodes = 1 << 17; // of generated graphs
    int at = 1;
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        int64_t value = atoll(argv[at + 1]);
        if (strcmp(argv[at], "--runs") == 0)
            request.runs = value;
        if (strcmp(argv[at], "--nodes") == 0)
            nodes = value;
        if (strcmp(argv[at], "--columns") == 0)
            request.columns = value;
        if (strcmp(argv[at], "--threads") == 0)
            request.n_threads = (int)value;
    }
    if (at == argc)
        for (const char *const *k =
                 (const char *const[]){"rmat", "sbm", "mesh", "ring", NULL};
             *k; k++)
            survey_generated(*k, nodes);
    for (; at < argc; at++)
        survey_file(argv[at]);
    printf("within 5 %% of the best order on %d of %d graphs\n", n_near,
           n_surveyed);
    return 0;
}
