// gnnac tune GRAPH --model M: fills the tuning database, so that a later
// compile with the same options finds every decision made.
#include "cmd/cmd_tune.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/requests.h"
#include "cmd/tune_fleet.h"
#include "cmd/tune_report.h"
#include "tune/assemble.h"

// ---- when to stop -----------------------------------------------------------

static volatile sig_atomic_t interrupted;
static double deadline; // of now_seconds(); infinite: none

static void interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

// The second time it ends the program as it always does.
static void catch_interrupts(void)
{
    struct sigaction a = {.sa_handler = interrupt, .sa_flags = SA_RESETHAND};
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
}

static bool is_over(void)
{
    return interrupted || now_seconds() >= deadline;
}

// "90", "30s", "5m", "2h" in seconds.
static gnnac_status read_budget(const char *text, double *seconds,
                                gnnac_error *err)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}};
    *seconds = INFINITY;
    if (!text)
        return GNNAC_OK;
    char *end;
    errno = 0;
    double x = strtod(text, &end);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (end != text && errno == 0 && isfinite(x) && x > 0 &&
            strcmp(end, units[i].unit) == 0) {
            *seconds = x * units[i].seconds;
            return GNNAC_OK;
        }
    return FAIL(err, GNNAC_EUSAGE,
                "--budget %s: expected a time such as 30s, "
                "5m or 2h",
                text);
}

static gnnac_status read_part(const char *text, unsigned *part, unsigned *parts,
                              gnnac_error *err)
{
    unsigned k = 0, n = 0;
    char end;
    if (!text)
        return GNNAC_OK;
    if (sscanf(text, "%u/%u%c", &k, &n, &end) != 2 || k < 1 || k > n)
        return FAIL(err, GNNAC_EUSAGE,
                    "--part %s: expected K/N, K from 1 to N", text);
    *part = k - 1;
    *parts = n;
    return GNNAC_OK;
}

// ---- --dry-run --------------------------------------------------------------

static size_t print_candidates(const struct decision *d)
{
    for (size_t i = 0; i < d->n_candidates; i++) {
        char knobs[256];
        candidate_text(&d->candidates[i], knobs, sizeof(knobs));
        printf("    %-24s %-16s %s\n", d->candidates[i].rule,
               d->candidates[i].family->name, knobs);
    }
    return d->n_candidates;
}

// What there is no room for is left to a search.
static size_t print_left_out(const struct selection *s, int32_t step)
{
    size_t n = s->n_points[step];
    if (n <= MAX_CANDIDATES)
        return 0;
    printf("    ... %zu points in all, of which a search times some\n", n);
    return n - MAX_CANDIDATES;
}

static size_t count_points(const struct selection *s)
{
    size_t n = 0;
    for (int32_t i = 0; i < MAX_STEPS; i++)
        n += s->n_points[i];
    return n;
}

// Without BLAS, which is none of ours to compile.
static size_t count_kernels(const struct selection *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_variants; i++)
        n += s->variants[i].source != NULL;
    return n;
}

static gnnac_status print_plan_json(const struct manifest *m,
                                    const struct selection *s, gnnac_error *err)
{
    return print_json_line(
        json_pack("{s:I, s:I, s:I}", "steps", (json_int_t)m->n_choices,
                  "kernels", (json_int_t)count_kernels(s), "points",
                  (json_int_t)count_points(s)),
        err);
}

static gnnac_status print_plan(const struct options *o,
                               const struct assembly *a, gnnac_error *err)
{
    const struct manifest *m = a->manifest;
    const struct selection *s = a->selection;
    size_t n = 0;
    for (int32_t i = 0; i < m->n_choices && !o->json; i++) {
        const struct choice *c = &m->choices[i];
        printf("step %d: %s%s\n", (int)c->step,
               step_kind_name(m->program.steps[c->step].kind),
               strcmp(c->level, "tune.db") == 0 ? ", decided before" : "");
        n +=
            s->decisions[c->step] ? print_candidates(s->decisions[c->step]) : 0;
        n += print_left_out(s, c->step);
    }
    if (o->json)
        return print_plan_json(m, s, err);
    printf("%zu candidates, %zu different kernels\n", n, count_kernels(s));
    return GNNAC_OK;
}

// ---- the whole --------------------------------------------------------------

static void say_how_it_ended(const struct options *o, const struct assembly *a,
                             const json_t *report)
{
    log_end_progress();
    tune_report_summarise(report);
    if (a->selection->report.n_unfinished)
        log_warn("stopped before all was timed; to go on: gnnac tune %s "
                 "--resume with the same options",
                 o->args[0]);
}

static gnnac_status check_noise(const struct assembly *a, gnnac_error *err)
{
    for (int32_t i = 0; i < MAX_STEPS; i++)
        if (a->selection->contests[i].noisy)
            return FAIL(err, GNNAC_ENOISY,
                        "step %d: this GPU is too noisy now: one kernel "
                        "differs from itself by more than 2 %%",
                        (int)i);
    return GNNAC_OK;
}

// `tuners`: reports of those that raced before; NULL: none.
static json_t *whole_report(const struct assembly *a, const json_t *tuners)
{
    size_t i;
    json_t *other, *report = tune_report(a);
    json_array_foreach(tuners, i, other)
        tune_report_merge(report, other);
    return report;
}

static gnnac_status finish(const struct options *o, const struct assembly *a,
                           const json_t *tuners, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    json_t *report = NULL;
    if (o->dry_run)
        return print_plan(o, a, err);
    report = whole_report(a, tuners);
    if (!report)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    if (o->json)
        TRY(print_json_line(json_incref(report), err));
    else
        tune_report_print(report);
    say_how_it_ended(o, a, report);
    st = check_noise(a, err);
out:
    json_decref(report);
    return st;
}

static void say_if_not_timed(const struct options *o,
                             const struct workbench *wb)
{
    if (o->record && (o->dry_run || !wb->cuda || !wb->request.timed))
        log_warn("--record: nothing is timed here, so nothing is recorded");
    else if (!wb->cuda && !o->dry_run)
        log_info("no GPU: candidates are ranked, not timed");
}

static gnnac_status tune_graph(const struct options *o, const json_t *tuners,
                               gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct workbench wb = {0};
    struct assembly a = {0};
    struct model_request model = {0};
    struct workbench_request rq;
    const struct assemble_request what = read_assemble_request(o, &model);
    TRY(read_model_request(o, &model, err));
    read_workbench_request(o, &rq);
    rq.explain = o->dry_run;
    rq.again = !o->go_on;
    rq.stop = is_over;
    rq.record = o->record;
    TRY(read_part(o->part, &rq.part, &rq.parts, err));
    TRY(workbench_open(&rq, &wb, err));
    say_if_not_timed(o, &wb);
    TRY(assemble(&wb, &what, &a, err));
    TRY(finish(o, &a, tuners, err));
out:
    assembly_finish(&a);
    workbench_close(&wb);
    return st;
}

static gnnac_status check_fleet_options(const struct options *o,
                                        gnnac_error *err)
{
    if (o->dry_run || o->no_db)
        return FAIL(err, GNNAC_EUSAGE,
                    "--device %s: several GPUs do not go with --dry-run or "
                    "--no-db",
                    o->device);
    if (o->part)
        return FAIL(err, GNNAC_EUSAGE,
                    "--device %s: several GPUs have shares of their own, "
                    "without --part",
                    o->device);
    return GNNAC_OK;
}

// The fleet tells the database, and what it left undone is done here: all, if
// it did not finish, as what it did not race anew looks like what it did.
static gnnac_status tune_with_fleet(const struct options *o, gnnac_error *err)
{
    struct fleet_result fleet = {.reports = json_array()};
    struct options rest = *o;
    gnnac_status st = GNNAC_OK;
    const struct fleet_request rq = {.device = o->device,
                                     .n_threads = o->threads,
                                     .verbose = o->verbose,
                                     .stop = is_over};
    if (!fleet.reports)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    TRY(check_fleet_options(o, err));
    TRY(fleet_run(&rq, &fleet, err));
    rest.device = fleet.first;
    rest.go_on = o->go_on || fleet.finished;
    TRY(tune_graph(&rest, fleet.reports, err));
out:
    json_decref(fleet.reports);
    return st;
}

gnnac_status cmd_tune(const struct options *o, gnnac_error *err)
{
    double budget;
    if (o->simulate)
        return tune_simulate(o, err);
    if (o->n_args == 0)
        return FAIL(err, GNNAC_EUSAGE,
                    "tune needs GRAPH --model M, or --simulate RECORDS");
    gnnac_status st = read_budget(o->budget, &budget, err);
    if (st != GNNAC_OK)
        return st;
    catch_interrupts();
    deadline = now_seconds() + budget;
    return fleet_is_meant(o->device) ? tune_with_fleet(o, err)
                                     : tune_graph(o, NULL, err);
}
