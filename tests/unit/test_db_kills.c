// Sixteen processes write to one database while one after the other is killed
// and replaced: what a writer was told is stored stays, nothing is damaged, and
// the others go on.
//
// usage: test_db_kills [KILLS]    48; hundreds in the suite `slow`
#include "test.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kcache.h"
#include "rng.h"
#include "tunedb_records.h"

enum { WRITERS = 16, ROWS = 3, IMAGE_BYTES = 3000, PATIENCE_S = 60 };

static int n_kills;
static char folder[64], path[96];

// What writers tell, in memory that all share. Writer w has stored its records
// 0 .. stored[w] - 1; the next may be there too.
static struct {
    volatile int64_t stored[WRITERS];
    volatile int stop;
} *told;

// One of the two databases. `put` and `check` deal with record i of writer w;
// check: 1: there and right, 0: absent, -1: anything else.
struct store {
    const char *file;
    void *(*open)(void);
    void (*close)(void *db);
    bool (*put)(void *db, unsigned w, unsigned i);
    int (*check)(void *db, unsigned w, unsigned i);
    gnnac_status (*verify)(void *db);
    bool (*whole)(void *db); // no part of a transaction
};

static void note_damage(void *context, const char *what)
{
    (void)context;
    TEST__FAIL("damage: %s", what);
}

// ---- tune.db: a decision and, in a transaction of its own, a run of ROWS ----

struct decision {
    char graph[33], variant[64], artifacts[3];
    struct decision_key key;
    struct decision_row row;
};

static void make_decision(struct decision *d, unsigned w, unsigned i)
{
    snprintf(d->graph, sizeof(d->graph), "%016x%016x", w, i);
    snprintf(d->variant, sizeof(d->variant), "{\"knob\":%u}", w * 31 + i);
    d->key = (struct decision_key){d->graph, "sum f32", "ranked sm_90",
                                   "nvrtc 13.0", "00ff"};
    strcpy(d->artifacts, "[]");
    d->row = (struct decision_row){d->variant, d->artifacts, i, 1};
}

static void *tune_open(void)
{
    struct tunedb *db = NULL;
    gnnac_error err = {{0}};
    if (tunedb_open(path, &db, &err) != GNNAC_OK)
        printf("# %s\n", err.msg);
    return db;
}

static void tune_close(void *db)
{
    tunedb_close(db);
}

static bool tune_put(void *db, unsigned w, unsigned i)
{
    static const struct measurement_row row = {"row_split", "{}", "ok", 1, 1,
                                               1,           1,    0.5,  32, 0,
                                               NULL,        0};
    const struct measurement_row rows[ROWS] = {row, row, row};
    struct decision d;
    make_decision(&d, w, i);
    return tunedb_put_measurements(db, &d.key, rows, ROWS, NULL) == GNNAC_OK &&
           tunedb_put_decision(db, &d.key, &d.row, NULL) == GNNAC_OK;
}

static int tune_check(void *db, unsigned w, unsigned i)
{
    struct decision d;
    struct decision_row got;
    make_decision(&d, w, i);
    gnnac_status st = tunedb_get_decision(db, &d.key, &got, NULL);
    if (st != GNNAC_OK)
        return st == GNNAC_ENOENT ? 0 : -1;
    bool right = strcmp(got.variant, d.variant) == 0 && got.median_ns == i;
    decision_row_finish(&got);
    return right ? 1 : -1;
}

static gnnac_status tune_verify(void *db)
{
    return tunedb_verify(db, note_damage, NULL, NULL);
}

static bool tune_whole(void *db)
{
    struct tunedb_info info;
    return tunedb_get_info(db, &info, NULL) == GNNAC_OK &&
           info.n_measurements == ROWS * info.n_runs &&
           info.n_runs >= info.n_decisions;
}

// ---- kcache.db: kernels, whose logs are all the same blob -------------------

struct kernel {
    char hex[33], source[64], log[16];
    unsigned char image[IMAGE_BYTES];
    struct artifact a;
};

static void make_kernel(struct kernel *k, unsigned w, unsigned i)
{
    snprintf(k->hex, sizeof(k->hex), "%016x%016x", w, i);
    snprintf(k->source, sizeof(k->source), "// kernel %u of %u", i, w);
    snprintf(k->log, sizeof(k->log), "no spills");
    for (size_t b = 0; b < IMAGE_BYTES; b++)
        k->image[b] = (unsigned char)rng_at(w, i + b / 8);
    k->a = (struct artifact){.image = k->image, .n_bytes = IMAGE_BYTES,
                             .source = k->source, .log = k->log,
                             .arch = "sm_90"};
}

static void *cache_open(void)
{
    struct kcache *kc = NULL;
    gnnac_error err = {{0}};
    if (kcache_open(path, &kc, &err) != GNNAC_OK)
        printf("# %s\n", err.msg);
    return kc;
}

static void cache_close(void *kc)
{
    kcache_close(kc);
}

static bool cache_put(void *kc, unsigned w, unsigned i)
{
    struct kernel k;
    make_kernel(&k, w, i);
    return kcache_put(kc, k.hex, &k.a, NULL) == GNNAC_OK;
}

static int cache_check(void *kc, unsigned w, unsigned i)
{
    struct kernel k;
    struct artifact got;
    make_kernel(&k, w, i);
    gnnac_status st = kcache_get(kc, k.hex, k.source, &got, NULL);
    if (st != GNNAC_OK)
        return st == GNNAC_ENOENT ? 0 : -1;
    bool right = got.n_bytes == IMAGE_BYTES &&
                 memcmp(got.image, k.image, IMAGE_BYTES) == 0;
    artifact_finish(&got);
    return right ? 1 : -1;
}

static gnnac_status cache_verify(void *kc)
{
    return kcache_verify(kc, note_damage, NULL, NULL);
}

// Nothing was moved aside; each kernel has an image and a source of its own.
static bool cache_whole(void *kc)
{
    struct kcache_info info;
    return kcache_note(kc)[0] == '\0' &&
           kcache_get_info(kc, &info, NULL) == GNNAC_OK &&
           info.n_blobs == 2 * info.n_artifacts + 1;
}

static const struct store stores[] = {
    {"tune.db", tune_open, tune_close, tune_put, tune_check, tune_verify,
     tune_whole},
    {"kcache.db", cache_open, cache_close, cache_put, cache_check,
     cache_verify, cache_whole},
};

// ---- writers ----------------------------------------------------------------

static void set_up(const struct store *s)
{
    snprintf(path, sizeof(path), "%s/%s", folder, s->file);
    memset(told, 0, sizeof(*told));
}

static int write_until_told(const struct store *s, int w)
{
    void *db = s->open();
    if (!db)
        return 1;
    while (!told->stop) {
        if (!s->put(db, (unsigned)w, (unsigned)told->stored[w]))
            return 2;
        told->stored[w]++;
    }
    s->close(db);
    return 0;
}

static pid_t start(const struct store *s, int w)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        int status = write_until_told(s, w);
        fflush(stdout);
        _exit(status);
    }
    CHECK(pid > 0);
    return pid;
}

static void wait_ms(int64_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000,
                         .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

// At any moment: in opening, within a transaction, between two.
static void kill_some(const struct store *s, pid_t pids[WRITERS])
{
    for (int i = 0; i < n_kills && !test__this_failed; i++) {
        int w = (int)rng_below(1, (uint64_t)i, WRITERS), status = 0;
        wait_ms((int64_t)rng_below(2, (uint64_t)i, 24));
        kill(pids[w], SIGKILL);
        waitpid(pids[w], &status, 0);
        CHECK(WIFSIGNALED(status));
        pids[w] = start(s, w);
    }
}

// True when every writer has stored one more record than it had.
static bool all_go_on(void)
{
    int64_t before[WRITERS];
    int n_gone_on = 0;
    for (int w = 0; w < WRITERS; w++)
        before[w] = told->stored[w];
    for (int ms = 0; ms < PATIENCE_S * 1000 && n_gone_on < WRITERS; ms += 5) {
        wait_ms(5);
        n_gone_on = 0;
        for (int w = 0; w < WRITERS; w++)
            n_gone_on += told->stored[w] > before[w];
    }
    return n_gone_on == WRITERS;
}

static void end_all(pid_t pids[WRITERS])
{
    told->stop = 1;
    for (int w = 0; w < WRITERS; w++) {
        int status = -1;
        waitpid(pids[w], &status, 0);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            TEST__FAIL("writer %d ended with status %x", w, (unsigned)status);
    }
}

static void check_records(const struct store *s, void *db)
{
    for (unsigned w = 0; w < WRITERS; w++) {
        unsigned n = (unsigned)told->stored[w];
        for (unsigned i = 0; i < n; i++)
            if (s->check(db, w, i) != 1)
                TEST__FAIL("record %u of writer %u is lost", i, w);
        CHECK(s->check(db, w, n) >= 0);
        CHECK_INT(s->check(db, w, n + 1), 0);
    }
}

static void check_store(const struct store *s)
{
    pid_t pids[WRITERS];
    set_up(s);
    for (int w = 0; w < WRITERS; w++)
        pids[w] = start(s, w);
    kill_some(s, pids);
    CHECK(all_go_on());
    end_all(pids);
    void *db = s->open();
    CHECK(db != NULL);
    if (!db)
        return;
    CHECK_INT(s->verify(db), GNNAC_OK);
    CHECK(s->whole(db));
    check_records(s, db);
    s->close(db);
}

TEST(decisions_and_runs_survive_the_killing_of_writers)
{
    check_store(&stores[0]);
}

TEST(kernels_survive_the_killing_of_writers)
{
    check_store(&stores[1]);
}

int main(int argc, char **argv)
{
    char command[128];
    n_kills = argc > 1 ? atoi(argv[1]) : test_is_slow() ? 600 : 48;
    snprintf(folder, sizeof(folder), "/tmp/gnnac-kills-XXXXXX");
    told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!mkdtemp(folder) || told == MAP_FAILED)
        return 1;
    RUN(decisions_and_runs_survive_the_killing_of_writers);
    RUN(kernels_survive_the_killing_of_writers);
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command) == 0 ? test_done() : 1;
}
