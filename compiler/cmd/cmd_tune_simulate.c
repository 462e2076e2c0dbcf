// gnnac tune --simulate RECORDS: the search, judged on recorded timings.
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "cmd/cmd_tune.h"
#include "cli/requests.h"
#include "graph/load.h"
#include "tune/record_lines.h"
#include "tune/simulate.h"

enum { TRIALS = 20, MAX_RECORDS = 1 << 30 };
static const double wrong_regret = 0.01;

struct simulation {
    uint64_t seed;
    bool json;
    json_t *runs; // of --json
    size_t n_runs, n_untimed, n_damaged;
    double n_races, samples, exhaustive, wrong, regret, worst, noisy, to_5;
};

// ---- the records ------------------------------------------------------------

static bool is_database(const char *text, size_t n)
{
    static const char magic[] = "SQLite format 3";
    return n >= sizeof(magic) && memcmp(text, magic, sizeof(magic)) == 0;
}

// Anything else would be told as a damaged line.
static bool is_lines(const char *text, size_t n)
{
    return n == 0 || text[0] == '{';
}

// A database as it is, or the lines of `db export` in one of memory.
static gnnac_status open_records(const char *path, struct tunedb **out,
                                 gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct record_counts ignored = {0};
    char *text = NULL;
    size_t n = 0;
    *out = NULL;
    TRY(file_read(path, MAX_RECORDS, &text, &n, err));
    if (is_database(text, n)) {
        st = tunedb_open_existing(path, out, err);
    } else if (!is_lines(text, n)) {
        st = FAIL(err, GNNAC_EFORMAT,
                  "%s: neither a tune.db nor what gnnac db export writes",
                  path);
    } else {
        TRY(tunedb_open(":memory:", out, err));
        st = records_read(path, text, *out, &ignored, err);
    }
out:
    free(text);
    return st;
}

static gnnac_status fingerprint_of(const struct options *o, char graph[33],
                                   gnnac_error *err)
{
    struct csr g;
    graph[0] = '\0';
    if (o->n_args == 0)
        return GNNAC_OK;
    gnnac_status st = graph_load(o->args[0], &o->graph, &g, err);
    if (st != GNNAC_OK)
        return st;
    csr_fingerprint(&g, graph);
    csr_finish(&g);
    return GNNAC_OK;
}

// ---- one run ----------------------------------------------------------------

static void add_race(struct simulation *s, const struct simulated *r)
{
    s->n_races++;
    s->samples += (double)r->n_samples;
    s->exhaustive += (double)(r->n * SIMULATE_EXHAUSTIVE_SAMPLES);
    s->wrong += r->regret > wrong_regret;
    s->regret += r->regret;
    s->worst = fmax(s->worst, r->regret);
    s->noisy += r->noisy;
    s->to_5 += (double)r->n_to_5;
}

static json_t *run_json(const struct run_record *run, const struct simulated *r)
{
    const struct measurement_row *w = &run->rows[r->winner];
    return json_pack(
        "{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:s, s:s}", "graph",
        run->key.graph, "op", run->key.op, "device", run->key.device,
        "candidates", (json_int_t)r->n, "tried", (json_int_t)r->n_tried,
        "waves", (json_int_t)r->n_waves, "samples", (json_int_t)r->n_samples,
        "to_5_percent", (json_int_t)r->n_to_5, "cost", r->cost, "regret",
        r->regret, "family", w->family, "knobs", w->knobs);
}

static void print_run(const struct run_record *run, const struct simulated *r)
{
    const struct measurement_row *w = &run->rows[r->winner];
    printf("graph %s\n  %s\n  on %s\n", run->key.graph, run->key.op,
           run->key.device);
    printf("    %zu candidates, %zu samples: %.1f %% of exhaustive timing; "
           "within 5 %% after %zu candidates\n",
           r->n, r->n_samples, 100 * r->cost, r->n_to_5);
    if (r->n_waves)
        printf("    searched: %zu of them tried in %zu waves\n", r->n_tried,
               r->n_waves);
    printf("    won: %s %s, %.2f %% behind the recorded best\n", w->family,
           w->knobs, 100 * r->regret);
}

static gnnac_status tell_run(struct simulation *s, const struct run_record *run,
                             const struct simulated *r, gnnac_error *err)
{
    if (!s->json) {
        print_run(run, r);
        return GNNAC_OK;
    }
    json_t *j = run_json(run, r);
    return j && json_array_append_new(s->runs, j) == 0
               ? GNNAC_OK
               : FAIL(err, GNNAC_ENOMEM, "out of memory");
}

// The race of --seed is told; those of the seeds behind it only count.
static gnnac_status replay_one(void *context, const struct run_record *run,
                               gnnac_error *err)
{
    struct simulation *s = context;
    struct simulated r;
    for (uint64_t t = 0; t < TRIALS; t++) {
        gnnac_error mine = {{0}};
        gnnac_status st = simulate_run(run, s->seed + t, &r, &mine);
        s->n_untimed += st == GNNAC_ENOENT;
        if (st == GNNAC_ENOENT)
            return GNNAC_OK;
        if (st == GNNAC_OK && t == 0)
            st = tell_run(s, run, &r, &mine);
        if (st != GNNAC_OK)
            return FAIL(err, st, "%s", mine.msg);
        add_race(s, &r);
    }
    s->n_runs++;
    return GNNAC_OK;
}

static gnnac_status count_damaged(void *context, const char *what,
                                  gnnac_error *err)
{
    struct simulation *s = context;
    (void)what;
    (void)err;
    s->n_damaged++;
    return GNNAC_OK;
}

// ---- the sum ----------------------------------------------------------------

static gnnac_status print_sum(struct simulation *s, gnnac_error *err)
{
    double n = s->n_races;
    if (s->json)
        return print_json_line(
            json_pack("{s:O, s:I, s:f, s:f, s:f, s:f, s:f, s:f}", "runs",
                      s->runs, "races", (json_int_t)n, "cost",
                      s->samples / s->exhaustive, "wrong_by_1_percent",
                      s->wrong / n, "mean_regret", s->regret / n,
                      "worst_regret", s->worst, "noisy", s->noisy / n,
                      "mean_to_5_percent", s->to_5 / n),
            err);
    printf("%zu runs, %d races of each: %.1f %% of exhaustive timing (%d "
           "samples of each candidate)\n",
           s->n_runs, TRIALS, 100 * s->samples / s->exhaustive,
           SIMULATE_EXHAUSTIVE_SAMPLES);
    printf("winner more than 1 %% behind the recorded best: %.2f %%; mean "
           "regret %.3f %%, worst %.2f %%\n",
           100 * s->wrong / n, 100 * s->regret / n, 100 * s->worst);
    printf("within 5 %% after %.1f candidates in the mean; %.1f %% of races "
           "called noisy\n",
           s->to_5 / n, 100 * s->noisy / n);
    return GNNAC_OK;
}

static gnnac_status replay_all(const struct options *o, struct tunedb *db,
                               const char *graph, struct simulation *s,
                               gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct record_visitor visitor = {
        .context = s, .run = replay_one, .damage = count_damaged};
    TRY(tunedb_visit(db, graph, &visitor, err));
    if (s->n_damaged)
        log_warn("%zu damaged rows are left out", s->n_damaged);
    if (s->n_untimed)
        log_info("%zu runs without two timed candidates are left out",
                 s->n_untimed);
    if (s->n_runs == 0)
        st = FAIL(err, GNNAC_ENOENT, "%s: no run with timed candidates%s",
                  o->simulate, graph[0] ? " of this graph" : "");
    else
        st = print_sum(s, err);
out:
    return st;
}

// What only means something where a GPU times.
static gnnac_status check_options(const struct options *o, gnnac_error *err)
{
    const struct {
        const char *name;
        bool given;
    } others[] = {{"--model", o->model},       {"--budget", o->budget},
                  {"--resume", o->go_on},      {"--dry-run", o->dry_run},
                  {"--part", o->part},         {"--record", o->record},
                  {"--rules", o->rules.n > 0}, {"--set", o->set.n > 0}};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (others[i].given)
            return FAIL(err, GNNAC_EUSAGE,
                        "--simulate replays what was recorded: %s does not go "
                        "with it",
                        others[i].name);
    return GNNAC_OK;
}

gnnac_status tune_simulate(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct tunedb *db = NULL;
    struct simulation s = {
        .seed = o->seed, .json = o->json, .runs = json_array()};
    char graph[33];
    TRY(check_options(o, err));
    TRY(open_records(o->simulate, &db, err));
    TRY(fingerprint_of(o, graph, err));
    TRY(replay_all(o, db, graph, &s, err));
out:
    json_decref(s.runs);
    tunedb_close(db);
    return st;
}
