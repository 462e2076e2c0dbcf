#include "cmd/tune_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "bundle/manifest.h"
#include "cli/requests.h"

// ---- made -------------------------------------------------------------------

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
    if (c->n == 0)
        return json_null();
    json_t *entries = json_array();
    for (size_t i = 0; i < c->n; i++) {
        json_t *entry = entry_json(s, &c->entries[i]);
        if (json_array_append_new(entries, entry) != 0) {
            json_decref(entries);
            return NULL;
        }
    }
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
    bool blas = s->kernel < 0;
    int width = blas ? m->program.buffers[s->out].dim
                     : m->kernels[s->kernel].dim;
    return json_pack(
        "{s:i, s:i, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "step",
        (int)c->step, "layer", (int)s->layer, "kind", step_kind_name(s->kind),
        "width", width, "kernel", manifest_step_kernel(m, s), "template",
        blas ? "blas" : m->kernels[s->kernel].family, "knobs",
        c->knobs, "rule", c->rule, "why", c->why, "level", c->level,
        "median_ns", real_json(c->median_ns), "race",
        contest_json(a->selection, &a->selection->contests[c->step]));
}

static json_t *counts_json(const struct select_report *r)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "kernels",
                     (json_int_t)r->n_steps, "decided_before",
                     (json_int_t)r->n_recalled, "compiled",
                     (json_int_t)r->n_compiled, "from_cache",
                     (json_int_t)r->n_cached, "timed", (json_int_t)r->n_timed,
                     "of_the_same_code", (json_int_t)r->n_twins, "pruned",
                     (json_int_t)r->n_pruned, "failed",
                     (json_int_t)r->n_rejected);
}

static json_t *seconds_json(const struct select_report *r)
{
    return json_pack("{s:f, s:f, s:f}", "compile", r->compile_seconds, "gate",
                     r->gate_seconds, "race", r->race_seconds);
}

json_t *tune_report(const struct assembly *a)
{
    const struct manifest *m = a->manifest;
    json_t *steps = json_array();
    for (int32_t i = 0; i < m->n_choices; i++)
        if (json_array_append_new(steps, step_json(a, &m->choices[i])) != 0) {
            json_decref(steps);
            return NULL;
        }
    const struct select_report *r = &a->selection->report;
    return json_pack("{s:s, s:s, s:I, s:o, s:o, s:o}", "model", m->model.name,
                     "fingerprint", a->graph.fingerprint, "unfinished",
                     (json_int_t)r->n_unfinished, "counts", counts_json(r),
                     "seconds", seconds_json(r), "steps", steps);
}

// ---- read -------------------------------------------------------------------

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static int whole_of(const json_t *object, const char *name)
{
    return (int)json_integer_value(json_object_get(object, name));
}

// NaN for null.
static double real_of(const json_t *x)
{
    return json_is_number(x) ? json_number_value(x) : NAN;
}

static double microseconds_of(const json_t *object)
{
    return real_of(json_object_get(object, "median_ns")) / 1e3;
}

// ---- merged -----------------------------------------------------------------

static json_int_t count_of(const json_t *report, const char *name)
{
    return json_integer_value(
        json_object_get(json_object_get(report, "counts"), name));
}

static void add_count(json_t *report, const char *name, json_int_t more)
{
    json_object_set_new(json_object_get(report, "counts"), name,
                        json_integer(count_of(report, name) + more));
}

static double seconds_of(const json_t *report, const char *name)
{
    return json_number_value(
        json_object_get(json_object_get(report, "seconds"), name));
}

static void add_seconds(json_t *report, const char *name, double more)
{
    json_object_set_new(json_object_get(report, "seconds"), name,
                        json_real(seconds_of(report, name) + more));
}

static json_t *find_step(const json_t *report, const json_t *like)
{
    size_t i;
    json_t *step;
    json_array_foreach(json_object_get(report, "steps"), i, step)
        if (json_equal(json_object_get(step, "step"),
                       json_object_get(like, "step")))
            return step;
    return NULL;
}

// What `other` decided just now and `step` took from the database. Of the steps
// that are another tuner's it says what it would do itself, without a race.
static bool adopts(const json_t *step, const json_t *other)
{
    const json_t *median = json_object_get(step, "median_ns");
    return strcmp(text_of(step, "level"), "tune.db") == 0 &&
           strcmp(text_of(other, "level"), "tune.db") != 0 &&
           (json_is_object(json_object_get(other, "race")) ||
            (json_is_null(median) && strcmp(text_of(step, "kernel"),
                                            text_of(other, "kernel")) == 0));
}

void tune_report_merge(json_t *report, const json_t *other)
{
    static const char *const added[] = {"compiled", "from_cache", "timed",
                                        "of_the_same_code", "pruned",
                                        "failed"};
    static const char *const spent[] = {"compile", "gate", "race"};
    size_t i;
    json_t *step;
    json_array_foreach(json_object_get(report, "steps"), i, step) {
        json_t *decided = find_step(other, step);
        if (!decided || !adopts(step, decided))
            continue;
        json_object_update(step, decided);
        add_count(report, "decided_before", -1);
    }
    for (i = 0; i < sizeof(added) / sizeof(added[0]); i++)
        add_count(report, added[i], count_of(other, added[i]));
    for (i = 0; i < sizeof(spent) / sizeof(spent[0]); i++)
        add_seconds(report, spent[i], seconds_of(other, spent[i]));
}

// ---- printed ----------------------------------------------------------------

static void print_percent(const char *what, const json_t *interval)
{
    double low = real_of(json_array_get(interval, 0)),
           centre = real_of(json_array_get(interval, 1)),
           high = real_of(json_array_get(interval, 2));
    printf("%s%.1f %%", what, 100 * (centre - 1));
    if (isfinite(high))
        printf(" (%.1f to %.1f)", 100 * (low - 1), 100 * (high - 1));
}

static const char *end_text(const char *name)
{
    static const char *const texts[] = {
        [SEARCH_SETTLED] = "as nothing better turned up",
        [SEARCH_FULL] = "as more are not compiled",
        [SEARCH_ALL] = "which is all",
        [SEARCH_STOPPED] = "when it was stopped",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (strcmp(search_end_name((enum search_end)i), name) == 0)
            return texts[i];
    return name;
}

static void print_search(const json_t *search)
{
    int points = whole_of(search, "points"), tried = whole_of(search, "tried");
    if (json_is_object(search))
        printf("    searched: %d of %d points (%.1f %%) tried in %d waves, "
               "%s\n",
               tried, points, 100.0 * tried / points,
               whole_of(search, "waves"), end_text(text_of(search, "end")));
}

static bool is_winner(const json_t *step, const json_t *entry)
{
    return strcmp(text_of(step, "template"), text_of(entry, "template")) == 0 &&
           strcmp(text_of(step, "knobs"), text_of(entry, "knobs")) == 0;
}

static void print_ties(const json_t *step, const json_t *entries)
{
    size_t i, n = 0;
    json_t *e;
    json_array_foreach(entries, i, e) {
        if (!json_is_true(json_object_get(e, "tied")) || is_winner(step, e))
            continue;
        if (n++ == 0)
            printf("    not told apart from it:\n");
        printf("        %.2f us  %s %s\n", microseconds_of(e),
               text_of(e, "template"), text_of(e, "knobs"));
    }
}

static void print_race(const json_t *step, const json_t *race)
{
    const json_t *entries = json_object_get(race, "candidates");
    print_ties(step, entries);
    print_search(json_object_get(race, "search"));
    printf("    %zu timed, %d samples; ", json_array_size(entries),
           whole_of(race, "samples"));
    print_percent("the default takes longer by ",
                  json_object_get(race, "default_to_winner"));
    print_percent("; noise ", json_object_get(race, "noise"));
    printf("%s%s\n",
           json_is_true(json_object_get(race, "noisy")) ? ": too noisy" : "",
           json_is_true(json_object_get(race, "stopped"))
               ? "; stopped before it was decided"
               : "");
}

static void print_step(const json_t *step)
{
    double us = microseconds_of(step);
    const json_t *race = json_object_get(step, "race");
    printf("step %d: layer %d, %s, width %d\n    ", whole_of(step, "step"),
           whole_of(step, "layer"), text_of(step, "kind"),
           whole_of(step, "width"));
    if (isnan(us))
        printf("ranked, not timed");
    else
        printf("%.2f us", us);
    printf("  %s %s\n    by %s (%s): %s\n", text_of(step, "template"),
           text_of(step, "knobs"), text_of(step, "rule"),
           text_of(step, "level"), text_of(step, "why"));
    if (json_is_object(race))
        print_race(step, race);
}

void tune_report_print(const json_t *report)
{
    size_t i;
    json_t *step;
    json_array_foreach(json_object_get(report, "steps"), i, step)
        print_step(step);
}

void tune_report_summarise(const json_t *report)
{
    const json_t *c = json_object_get(report, "counts");
    log_info("%d kernels: %d decided before, %d candidates compiled, %d from "
             "the cache, %d timed, %d of the same code, %d not worth timing, "
             "%d failed",
             whole_of(c, "kernels"), whole_of(c, "decided_before"),
             whole_of(c, "compiled"), whole_of(c, "from_cache"),
             whole_of(c, "timed"), whole_of(c, "of_the_same_code"),
             whole_of(c, "pruned"), whole_of(c, "failed"));
    if (whole_of(c, "timed"))
        log_info("%.1f s compiling, %.1f s in the gate, %.1f s racing",
                 seconds_of(report, "compile"), seconds_of(report, "gate"),
                 seconds_of(report, "race"));
}
