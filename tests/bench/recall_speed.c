// How long it takes from a known key to an image to load: opening databases,
// finding the decision, reading and checking its kernel's image. The databases
// are new ones in a scratch folder. Medians; judges nothing but that what was
// stored comes back.
//
// usage: recall_speed [--kernels N] [--bytes N]
#include <unistd.h>

#include "bench_fixture.h"
#include "fail.h"
#include "kcache.h"
#include "rng.h"
#include "tunedb.h"

enum { TURNS = 201, STAGES = 4 };
static const char *const stages[STAGES] = {"open tune.db", "decision",
                                           "open kcache.db", "kernel"};

static char folder[] = "/tmp/gnnac-recall-XXXXXX";
static char tune_path[64], cache_path[64];

// Row i of both databases. `image` is shared and filled for the row at hand.
struct row {
    char graph[33], hex[33], source[64], artifacts[48], variant[3];
    struct decision_key key;
    struct decision_row decision;
    struct artifact kernel;
};

static void make_row(struct row *r, unsigned i, unsigned char *image,
                     size_t n_bytes)
{
    for (size_t b = 0; b < n_bytes; b++)
        image[b] = (unsigned char)rng_at(i, b / 8);
    snprintf(r->graph, sizeof(r->graph), "%032x", i);
    snprintf(r->source, sizeof(r->source), "// kernel %u", i);
    artifact_key_hex(&(struct artifact_key){r->source, "-v", "sm_90", "t"},
                     r->hex);
    snprintf(r->artifacts, sizeof(r->artifacts), "[\"%s\"]", r->hex);
    r->key = (struct decision_key){r->graph, "sum f32 d64", "ranked sm_90",
                                   "nvrtc 13.0", "00ff"};
    snprintf(r->variant, sizeof(r->variant), "{}");
    r->decision = (struct decision_row){r->variant, r->artifacts, 1, 1};
    r->kernel = (struct artifact){.image = image, .n_bytes = n_bytes,
                                  .source = r->source, .arch = "sm_90"};
}

static gnnac_status fill(unsigned n, unsigned char *image, size_t n_bytes,
                         gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct tunedb *db = NULL;
    struct kcache *kc = NULL;
    st = tunedb_open(tune_path, &db, err);
    if (st == GNNAC_OK)
        st = kcache_open(cache_path, &kc, err);
    for (unsigned i = 0; i < n && st == GNNAC_OK; i++) {
        struct row r;
        make_row(&r, i, image, n_bytes);
        st = tunedb_put_decision(db, &r.key, &r.decision, err);
        if (st == GNNAC_OK)
            st = kcache_put(kc, r.hex, &r.kernel, err);
    }
    tunedb_close(db);
    kcache_close(kc);
    return st;
}

static double lap(double *since)
{
    double now = omp_get_wtime(), passed = now - *since;
    *since = now;
    return passed;
}

// As `compile` does it, in a process that has just begun.
static gnnac_status recall_one(const struct row *r, double seconds[STAGES],
                               gnnac_error *err)
{
    struct tunedb *db = NULL;
    struct kcache *kc = NULL;
    struct decision_row decision = {0};
    struct artifact kernel = {0};
    double t = omp_get_wtime();
    gnnac_status st = tunedb_open(tune_path, &db, err);
    seconds[0] = lap(&t);
    if (st == GNNAC_OK)
        st = tunedb_get_decision(db, &r->key, &decision, err);
    seconds[1] = lap(&t);
    if (st == GNNAC_OK)
        st = kcache_open(cache_path, &kc, err);
    seconds[2] = lap(&t);
    if (st == GNNAC_OK)
        st = kcache_get(kc, r->hex, r->source, &kernel, err);
    seconds[3] = lap(&t);
    if (st == GNNAC_OK &&
        (kernel.n_bytes != r->kernel.n_bytes ||
         memcmp(kernel.image, r->kernel.image, kernel.n_bytes) != 0))
        st = FAIL(err, GNNAC_EDB, "a kernel that was not stored came back");
    artifact_finish(&kernel);
    decision_row_finish(&decision);
    tunedb_close(db);
    kcache_close(kc);
    return st;
}

static gnnac_status measure(unsigned n, unsigned char *image, size_t n_bytes,
                            gnnac_error *err)
{
    static double seconds[STAGES + 1][TURNS];
    gnnac_status st = GNNAC_OK;
    for (size_t i = 0; i < TURNS && st == GNNAC_OK; i++) {
        struct row r;
        double one[STAGES];
        make_row(&r, (unsigned)rng_below(1, i, n), image, n_bytes);
        st = recall_one(&r, one, err);
        seconds[STAGES][i] = 0;
        for (int k = 0; k < STAGES; k++) {
            seconds[k][i] = one[k];
            seconds[STAGES][i] += one[k];
        }
    }
    for (int k = 0; k <= STAGES && st == GNNAC_OK; k++)
        printf("%-16s %9.3f ms\n", k < STAGES ? stages[k] : "in all",
               bench_median(seconds[k], TURNS) * 1e3);
    return st;
}

int main(int argc, char **argv)
{
    long n = 1000, n_bytes = 20000;
    gnnac_error err = {{0}};
    char command[64];
    for (int at = 1; at + 1 < argc; at += 2)
        if (strcmp(argv[at], "--kernels") == 0)
            n = atol(argv[at + 1]);
        else
            n_bytes = atol(argv[at + 1]);
    unsigned char *image = malloc((size_t)n_bytes + 1);
    if (!image || !mkdtemp(folder))
        return perror("recall_speed"), 1;
    snprintf(tune_path, sizeof(tune_path), "%s/tune.db", folder);
    snprintf(cache_path, sizeof(cache_path), "%s/kcache.db", folder);
    printf("%ld decisions, %ld kernels of %ld bytes\n", n, n, n_bytes);
    gnnac_status st = fill((unsigned)n, image, (size_t)n_bytes, &err);
    if (st == GNNAC_OK)
        st = measure((unsigned)n, image, (size_t)n_bytes, &err);
    free(image);
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return bench_report(st, &err) + (system(command) != 0);
}
