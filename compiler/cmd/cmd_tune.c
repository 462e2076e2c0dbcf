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

// ---- the table --------------------------------------------------------------

static void print_percent(const char *what, const struct interval *ratio)
{
    printf("%s%.1f %%", what, 100 * (ratio->centre - 1));
    if (isfinite(ratio->high))
        printf(" (%.1f to %.1f)", 100 * (ratio->low - 1),
               100 * (ratio->high - 1));
}

static const char *const search_ends[] = {
    [SEARCH_SETTLED] = "as nothing better turned up",
    [SEARCH_FULL] = "as more are not compiled",
    [SEARCH_ALL] = "which is all",
    [SEARCH_STOPPED] = "when it was stopped",
};

static void print_search(const struct contest *c)
{
    if (c->n_space)
        printf("    searched: %zu of %zu points (%.1f %%) tried in %zu waves, "
               "%s\n",
               c->n_tried, c->n_space,
               100 * (double)c->n_tried / (double)c->n_space, c->n_waves,
               search_ends[c->end]);
}

static void print_contest(const struct selection *s, int32_t step)
{
    const struct contest *c = &s->contests[step];
    size_t n_tied = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct contest_entry *e = &c->entries[i];
        if (!e->tied || e->variant == c->winner)
            continue;
        if (n_tied++ == 0)
            printf("    not told apart from it:\n");
        printf("        %.2f us  %s %s\n", e->median_ns / 1e3,
               s->variants[e->variant].kernel.family,
               s->variants[e->variant].knobs);
    }
    print_search(c);
    printf("    %zu timed, %zu samples; ", c->n, c->n_samples);
    print_percent("the default takes longer by ", &c->gain);
    print_percent("; noise ", &c->noise);
    printf("%s%s\n", c->noisy ? ": too noisy" : "",
           c->stopped ? "; stopped before it was decided" : "");
}

static void print_step(const struct assembly *a, const struct choice *c)
{
    const struct manifest *m = a->manifest;
    const struct step *s = &m->program.steps[c->step];
    printf("step %d: layer %d, %s, width %d\n    ", (int)c->step, (int)s->layer,
           step_kind_name(s->kind), (int)m->kernels[s->kernel].dim);
    if (isnan(c->median_ns))
        printf("ranked, not timed");
    else
        printf("%.2f us", c->median_ns / 1e3);
    printf("  %s %s\n    by %s (%s): %s\n", m->kernels[s->kernel].family,
           c->knobs, c->rule, c->level, c->why);
    if (a->selection->contests[c->step].n)
        print_contest(a->selection, c->step);
}

// ---- JSON -------------------------------------------------------------------

static json_t *real_json(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *interval_json(const struct interval *i)
{
    return json_pack("[o, o, o]", real_json(i->low), real_json(i->centre),
                     real_json(i->high));
}

static json_t *entry_json(const struct selection *s,
                          const struct contest_entry *e)
{
    static const char *const states[] = {[RACE_RUN] = "finished",
                                         [RACE_BEHIND] = "behind",
                                         [RACE_SLOWER] = "slower",
                                         [RACE_FAILED] = "failed"};
    const struct variant *v = &s->variants[e->variant];
    return json_pack(
        "{s:s, s:s, s:s, s:b, s:o, s:o}", "template", v->kernel.family, "knobs",
        v->knobs, "state", states[e->state], "tied", e->tied, "median_ns",
        real_json(e->median_ns), "to_winner", interval_json(&e->to_winner));
}

static json_t *search_json(const struct contest *c)
{
    return c->n_space == 0
               ? json_null()
               : json_pack("{s:I, s:I, s:I, s:s}", "points",
                           (json_int_t)c->n_space, "tried",
                           (json_int_t)c->n_tried, "waves",
                           (json_int_t)c->n_waves, "end",
                           search_end_name(c->end));
}

static json_t *contest_json(const struct selection *s, const struct contest *c)
{
    json_t *entries = json_array();
    if (c->n == 0) {
        json_decref(entries);
        return json_null();
    }
    for (size_t i = 0; i < c->n; i++)
        json_array_append_new(entries, entry_json(s, &c->entries[i]));
    return json_pack("{s:I, s:o, s:o, s:b, s:b, s:o, s:o}", "samples",
                     (json_int_t)c->n_samples, "default_to_winner",
                     interval_json(&c->gain), "noise", interval_json(&c->noise),
                     "noisy", c->noisy, "stopped", c->stopped, "search",
                     search_json(c), "candidates", entries);
}

static json_t *step_json(const struct assembly *a, const struct choice *c)
{
    const struct manifest *m = a->manifest;
    const struct step *s = &m->program.steps[c->step];
    const struct contest *race = &a->selection->contests[c->step];
    return json_pack(
        "{s:i, s:i, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "step", (int)c->step,
        "layer", (int)s->layer, "kind", step_kind_name(s->kind), "kernel",
        m->kernels[s->kernel].name, "knobs", c->knobs, "rule", c->rule, "level",
        c->level, "median_ns", real_json(c->median_ns), "race",
        contest_json(a->selection, race));
}

static gnnac_status print_result(const struct options *o,
                                 const struct assembly *a, gnnac_error *err)
{
    const struct manifest *m = a->manifest;
    json_t *steps = json_array();
    for (int32_t i = 0; i < m->n_choices; i++)
        if (o->json)
            json_array_append_new(steps, step_json(a, &m->choices[i]));
        else
            print_step(a, &m->choices[i]);
    if (o->json)
        return print_json_line(
            json_pack("{s:s, s:s, s:I, s:o}", "model", m->model.name,
                      "fingerprint", a->graph.fingerprint, "unfinished",
                      (json_int_t)a->selection->report.n_unfinished, "steps",
                      steps),
            err);
    json_decref(steps);
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

static gnnac_status print_plan_json(const struct manifest *m,
                                    const struct selection *s, gnnac_error *err)
{
    return print_json_line(
        json_pack("{s:I, s:I, s:I}", "steps", (json_int_t)m->n_choices,
                  "kernels", (json_int_t)s->n_variants, "points",
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
    printf("%zu candidates, %zu different kernels to compile\n", n,
           s->n_variants);
    return GNNAC_OK;
}

// ---- the whole --------------------------------------------------------------

static void say_how_it_ended(const struct options *o, const struct assembly *a)
{
    const struct select_report *r = &a->selection->report;
    log_end_progress();
    log_info("%zu kernels: %zu decided before, %zu candidates compiled, %zu "
             "from the cache, %zu timed, %zu of the same code, %zu failed",
             r->n_steps, r->n_recalled, r->n_compiled, r->n_cached, r->n_timed,
             r->n_twins, r->n_rejected);
    if (r->n_unfinished)
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

static gnnac_status finish(const struct options *o, const struct assembly *a,
                           gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    if (o->dry_run)
        return print_plan(o, a, err);
    TRY(print_result(o, a, err));
    say_how_it_ended(o, a);
    st = check_noise(a, err);
out:
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

static gnnac_status tune_graph(const struct options *o, gnnac_error *err)
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
    TRY(finish(o, &a, err));
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
    struct fleet_result fleet = {{0}, false};
    struct options rest = *o;
    gnnac_status st = check_fleet_options(o, err);
    if (st == GNNAC_OK)
        st = fleet_run(o->device, o->verbose, is_over, &fleet, err);
    if (st != GNNAC_OK)
        return st;
    rest.device = fleet.first;
    rest.go_on = o->go_on || fleet.finished;
    return tune_graph(&rest, err);
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
                                     : tune_graph(o, err);
}
