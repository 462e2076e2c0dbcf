// Rows of a run that wait in a temporary file and go into tune.db at once: the
// same as if they had come at once, or none.
#include <dirent.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph_fixture.h"
#include "tune/simulate.h"
#include "tune/spool.h"
#include "tunedb_records.h"

enum { N = 1500 }; // more than are ever in memory at once

static const struct decision_key key = {
    "00112233445566778899aabbccddeeff", "aggregate f32 dim=8", "some sm_90",
    "nvrtc 13.0", "00112233445566778899aabbccddeeff"};

// Row i: every tenth failed, the others have more or fewer samples. Its texts
// and samples live until the next call.
static struct measurement_row row_at(size_t i)
{
    static char knobs[32];
    static float samples[MAX_KEPT_SAMPLES];
    bool failed = i % 10 == 3;
    snprintf(knobs, sizeof(knobs), "vec=%zu unroll=%zu", i % 7, i);
    for (size_t k = 0; k < MAX_KEPT_SAMPLES; k++)
        samples[k] = (float)(1000 + i) + (float)k / 8;
    return (struct measurement_row){.family = i % 2 ? "hybrid" : "row_split",
                                    .knobs = knobs,
                                    .status = failed ? "compile_error" : "ok",
                                    .n_samples = failed ? 0 : 40,
                                    .median_ns = failed ? NAN : 1000.0 + i,
                                    .p20_ns = failed ? NAN : 999.0 + i,
                                    .p80_ns = failed ? NAN : 1001.0 + i,
                                    .max_error = i % 3 ? 0.25 : NAN,
                                    .registers = (int)(i % 255),
                                    .spill_bytes = -1,
                                    .samples_ns = samples,
                                    .n_kept = failed ? 0 : i % 41};
}

static struct spool filled(void)
{
    struct spool s;
    gnnac_error err = {{0}};
    CHECK_INT(spool_init(&s, &err), GNNAC_OK);
    for (size_t i = 0; i < N; i++) {
        const struct measurement_row row = row_at(i);
        CHECK_INT(spool_add(&s, &row, &err), GNNAC_OK);
    }
    CHECK_STR(err.msg, "");
    return s;
}

static struct tunedb *open_empty(void)
{
    struct tunedb *db = NULL;
    gnnac_error err = {{0}};
    unlink(scratch_path("t.db"));
    CHECK_INT(tunedb_open(scratch_path("t.db"), &db, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    return db;
}

static bool same_real(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void check_row(const struct measurement_row *got, size_t i)
{
    const struct measurement_row want = row_at(i);
    CHECK_STR(got->family, want.family);
    CHECK_STR(got->knobs, want.knobs);
    CHECK_STR(got->status, want.status);
    CHECK_INT(got->n_samples, want.n_samples);
    CHECK(same_real(got->median_ns, want.median_ns));
    CHECK(same_real(got->p80_ns, want.p80_ns));
    CHECK(same_real(got->max_error, want.max_error));
    CHECK_INT(got->registers, want.registers);
    CHECK_INT(got->spill_bytes, want.spill_bytes);
    CHECK_INT((long long)got->n_kept, (long long)want.n_kept);
    CHECK(got->n_kept == 0 || memcmp(got->samples_ns, want.samples_ns,
                                     want.n_kept * sizeof(float)) == 0);
}

static int n_runs, n_damaged;

static gnnac_status check_run(void *context, const struct run_record *r,
                              gnnac_error *err)
{
    struct simulated s;
    (void)context;
    n_runs++;
    CHECK_INT((long long)r->n_rows, N);
    for (size_t i = 0; i < r->n_rows; i++)
        check_row(&r->rows[i], i);
    CHECK_INT(simulate_run(r, 1, &s, err), GNNAC_OK);
    CHECK(s.n == N - N / 10 && s.n_waves > 0); // it is searched
    return GNNAC_OK;
}

static gnnac_status count_damaged(void *context, const char *what,
                                  gnnac_error *err)
{
    (void)context;
    (void)what;
    (void)err;
    n_damaged++;
    return GNNAC_OK;
}

static void visit(struct tunedb *db)
{
    gnnac_error err = {{0}};
    const struct record_visitor v = {.run = check_run,
                                     .damage = count_damaged};
    n_runs = n_damaged = 0;
    CHECK_INT(tunedb_visit(db, "", &v, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
}

TEST(rows_that_were_spooled_are_a_run_that_is_whole_and_can_be_replayed)
{
    struct tunedb *db = open_empty();
    struct spool s = filled();
    gnnac_error err = {{0}};
    const struct row_source rows = {&s, spool_row};
    CHECK_INT(tunedb_put_streamed(db, &key, &rows, s.n, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    visit(db);
    CHECK_INT(n_runs, 1);
    CHECK_INT(n_damaged, 0);
    CHECK_INT(tunedb_check(db, &err), GNNAC_OK);
    spool_finish(&s);
    tunedb_close(db);
}

// Fails at the row that it has no more, the first or the second time.
struct failing {
    struct spool *spool;
    size_t n_left;
};

static gnnac_status fail_later(void *context, size_t i,
                               struct measurement_row *out, gnnac_error *err)
{
    struct failing *f = context;
    return f->n_left-- ? spool_row(f->spool, i, out, err)
                       : FAIL(err, GNNAC_EIO, "no more");
}

TEST(a_run_that_breaks_off_leaves_nothing)
{
    static const size_t breaks[] = {0, 700, N, N + 700, 2 * N - 1};
    struct tunedb *db = open_empty();
    struct spool s = filled();
    for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
        struct failing f = {&s, breaks[i]};
        const struct row_source rows = {&f, fail_later};
        gnnac_error err = {{0}};
        CHECK_INT(tunedb_put_streamed(db, &key, &rows, s.n, &err), GNNAC_EIO);
        CHECK_STR(err.msg, "no more");
        visit(db);
        CHECK_INT(n_runs + n_damaged, 0);
    }
    spool_finish(&s);
    tunedb_close(db);
}

TEST(a_spool_leaves_no_file_and_says_where_it_could_not_be)
{
    struct spool s;
    gnnac_error err = {{0}};
    setenv("TMPDIR", scratch_path("nowhere"), 1);
    CHECK_INT(spool_init(&s, &err), GNNAC_EIO);
    CHECK_HAS(err.msg, "nowhere/gnnac-record-");
    spool_finish(&s);
    CHECK_INT(mkdir(scratch_path("tmp"), 0700), 0);
    setenv("TMPDIR", scratch_path("tmp"), 1);
    s = filled();
    DIR *d = opendir(scratch_path("tmp"));
    for (struct dirent *e; (e = readdir(d));)
        CHECK(e->d_name[0] == '.');
    closedir(d);
    spool_finish(&s);
    unsetenv("TMPDIR");
    CHECK_INT(rmdir(scratch_path("tmp")), 0);
}

int main(void)
{
    RUN(rows_that_were_spooled_are_a_run_that_is_whole_and_can_be_replayed);
    RUN(a_run_that_breaks_off_leaves_nothing);
    RUN(a_spool_leaves_no_file_and_says_where_it_could_not_be);
    scratch_unlink("t.db");
    return test_done();
}
