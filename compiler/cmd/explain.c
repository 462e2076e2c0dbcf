#include "cmd/explain.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/requests.h"
#include "cmd/cmd_db.h"
#include "emit/tmpl.h"
#include "plan/fuse.h"
#include "plan/opspec.h"
#include "plan/slabs.h"
#include "tune/quarantine.h"
#include "tune/recall.h"

// ---- rules and candidates ---------------------------------------------------

static json_t *trace_json(const struct rule_trace *t)
{
    json_t *compared = json_object();
    for (size_t i = 0; compared && i < t->n_compared; i++)
        json_object_set_new(compared, t->compared[i].name,
                            json_string(t->compared[i].value));
    return json_pack(
        "{s:s, s:s, s:b, s:b, s:s, s:s, s:s, s:f, s:o, s:{s:i, s:i, s:i, s:i, "
        "s:i}}",
        "rule", t->rule, "where", t->where, "matched", t->matched, "fired",
        t->fired, "why", t->why, "note", t->note, "reorder", t->reorder,
        "priority", t->priority, "compared", compared, "points", "all",
        t->n_points, "added", trace_n_taken(t), "rejected_by_limit",
        t->n_rejected, "already_proposed", t->n_repeated, "left_out",
        t->n_left_out);
}

// Why the point is no kernel, and why that is not to be run; null where the
// template takes it, and where nothing speaks against it.
struct objections {
    json_t *refused, *quarantined;
};

static json_t *quarantine_json(const struct explained *e, const char *source)
{
    struct quarantine_answer a;
    return quarantine_has_text(e->wb, source, &a)
               ? json_sprintf("%s: %s", a.verdict, a.reason)
               : json_null();
}

static struct objections objections_to(const struct explained *e,
                                       const struct opspec *op,
                                       const struct candidate *c)
{
    struct emitted emitted = {0};
    gnnac_error why = {{0}};
    if (tmpl_emit(e->wb->catalog, c, &op->spec, &emitted, &why) != GNNAC_OK)
        return (struct objections){json_string(why.msg), json_null()};
    struct objections o = {json_null(), quarantine_json(e, emitted.source)};
    emitted_finish(&emitted);
    return o;
}

// What was timed of it on this device; null for nothing.
static json_t *recorded_ns(const json_t *timings, const char *family,
                           const char *knobs)
{
    size_t i;
    json_t *m;
    json_array_foreach(
        timings, i,
        m) if (strcmp(json_text_at(m, "family"), family) == 0 &&
               strcmp(json_text_at(m, "knobs"), knobs) ==
                   0) return json_incref(json_object_get(m, "median_ns"));
    return json_null();
}

static json_t *candidate_json(const struct explained *e,
                              const struct opspec *op,
                              const struct candidate *c, const json_t *timings)
{
    char text[256];
    json_t *knobs = json_object();
    struct objections o = objections_to(e, op, c);
    for (size_t i = 0; knobs && i < c->family->n_knobs; i++)
        json_object_set_new(knobs, c->family->knobs[i].name,
                            json_integer(c->values[i]));
    candidate_text(c, text, sizeof(text));
    return json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:o}", "rule", c->rule,
                     "template", c->family->name, "knobs", knobs, "text", text,
                     "refused", o.refused, "quarantined", o.quarantined,
                     "median_ns",
                     recorded_ns(timings, c->family->name, text));
}

// ---- the database -----------------------------------------------------------

// Decisions about the question, each with the level that it stands on.
static json_t *lookup_json(const struct explained *e,
                           const struct db_answers *a)
{
    json_t *all = json_array(), *d;
    size_t i;
    json_array_foreach(a->decisions, i, d)
    {
        const json_t *v = json_object_get(d, "variant");
        json_array_append_new(
            all, json_pack("{s:s, s:s, s:s, s:s, s:s, s:O}", "level",
                           db_level(e->wb, d), "device",
                           json_text_at(d, "device"), "template",
                           json_text_at(json_object_get(v, "kernel"), "family"),
                           "knobs", json_text_at(v, "knobs"), "rule",
                           json_text_at(v, "rule"), "median_ns",
                           json_object_get(d, "median_ns")));
    }
    return all;
}

static bool was_only_ranked(const json_t *measurement)
{
    const char *status = json_text_at(measurement, "status");
    bool timed = json_is_number(json_object_get(measurement, "median_ns"));
    return !timed &&
           (strcmp(status, "ok") == 0 || strcmp(status, "proposed") == 0);
}

// Everything that was measured of the question on this device, whatever the
// rules and the compiler, sorted.
static json_t *timings_json(const struct explained *e,
                            const struct db_answers *a)
{
    char device[512];
    json_t *all = json_array(), *run, *m;
    size_t i, k;
    recall_device(e->wb, device, sizeof(device));
    json_array_foreach(a->runs, i, run)
    {
        if (strcmp(json_text_at(run, "device"), device) != 0)
            continue;
        json_array_foreach(json_object_get(run, "measurements"), k, m)
        {
            size_t at = json_array_size(all);
            if (was_only_ranked(m))
                continue;
            while (at > 0 && db_stands_before(m, json_array_get(all, at - 1)))
                at--;
            json_array_insert(all, at, m);
        }
    }
    return all;
}

static void ask_database(const struct explained *e, const char *op,
                         struct db_answers *out)
{
    gnnac_error why = {{0}};
    *out = (struct db_answers){0};
    if (e->wb->db &&
        db_collect(e->wb->db, e->graph->fingerprint, op, out, &why) != GNNAC_OK)
        log_warn("the tuning database is left out: %s", why.msg);
}

// ---- a step -----------------------------------------------------------------

static const char *level_text(const char *level)
{
    static const char *const texts[][2] = {
        {"tune.db", "decided earlier for this graph, operation, device, "
                    "compiler and rules"},
        {"settings", "set on the command line"},
        {"rules", "not decided before: rules propose, the cost model ranks"},
        {"nearest", "not decided before: timed on the nearest graphs, ranked "
                    "here"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (strcmp(texts[i][0], level) == 0)
            return texts[i][1];
    return "";
}

static json_t *step_json(const struct explained *e, const struct choice *c,
                         const struct opspec *op, const struct db_answers *a)
{
    const struct step *s = &e->program->steps[c->step];
    char then[64], slabs[64];
    const struct layer *l = &e->model->layers[s->layer];
    const struct decision *d = e->selection->decisions[c->step];
    const struct kernel *k =
        &e->selection->variants[e->selection->chosen[c->step]].kernel;
    json_t *rules = json_array(), *candidates = json_array();
    json_t *timings = timings_json(e, a);
    for (size_t i = 0; d && i < d->n_traces; i++)
        json_array_append_new(rules, trace_json(&d->traces[i]));
    for (size_t i = 0; d && i < d->n_candidates; i++)
        json_array_append_new(
            candidates, candidate_json(e, op, &d->candidates[i], timings));
    return json_pack(
        "{s:i, s:i, s:s*, s:s, s:i, s:i, s:s, s:i, s:s, s:s, s:s, s:s, s:s, "
        "s:s, s:s, s:s, s:s, s:s*, s:s*, s:o, s:o, s:o, s:o, s:o}",
        "step", (int)c->step, "layer", (int)s->layer, "operator",
        e->operators ? e->operators->list[s->layer].key : NULL, "op",
        conv_op_name(l->op),
        "in_dim", (int)l->in_dim, "out_dim", (int)l->out_dim, "kind",
        step_kind_name(s->kind), "width", (int)k->dim, "question", op->key,
        "chosen", k->name, "template", k->family, "rule", c->rule, "where",
        c->where, "level", c->level, "level_text", level_text(c->level), "why",
        c->why, "knobs", c->knobs, "then",
        tail_text(e->program, s, then)[0] ? then : NULL, "slab_major",
        slabs_text(e->program, s, slabs)[0] ? slabs : NULL, "median_ns",
        real_json(c->median_ns), "rules",
        rules, "candidates", candidates, "lookup", lookup_json(e, a), "timings",
        timings);
}

gnnac_status explain_steps(const struct explained *e, json_t **out,
                           gnnac_error *err)
{
    json_t *steps = json_array();
    bool short_of_memory = !steps;
    for (int32_t i = 0; i < e->program->n_steps; i++) {
        const struct opspec *op = e->selection->asked[i];
        struct db_answers a;
        if (!op)
            continue;
        ask_database(e, op->key, &a);
        json_t *step = step_json(e, &e->selection->choices[i], op, &a);
        short_of_memory |= json_array_append_new(steps, step) != 0;
        db_answers_finish(&a);
    }
    if (!short_of_memory) {
        *out = steps;
        return GNNAC_OK;
    }
    json_decref(steps);
    return FAIL(err, GNNAC_ENOMEM, "out of memory");
}

// ---- for people -------------------------------------------------------------

enum { MOST_TIMINGS = 10 };

static int int_at(const json_t *object, const char *name)
{
    return (int)json_integer_value(json_object_get(object, name));
}

static void print_trace(const json_t *t)
{
    const char *name;
    json_t *value;
    bool fired = json_is_true(json_object_get(t, "fired"));
    int added = int_at(json_object_get(t, "points"), "added");
    printf("    %s %-28s %s\n", fired ? "+" : "-", json_text_at(t, "rule"),
           json_text_at(t, "where"));
    json_object_foreach(json_object_get(t, "compared"), name, value)
        printf("        %s = %s\n", name, json_string_value(value));
    if (fired)
        printf("        why: %s\n", json_text_at(t, "why"));
    if (json_text_at(t, "reorder")[0])
        printf("        order: %s\n", json_text_at(t, "reorder"));
    if (added)
        printf("        adds %d point%s\n", added, added == 1 ? "" : "s");
    if (json_text_at(t, "note")[0])
        printf("        %s\n", json_text_at(t, "note"));
}

static void print_candidates(const json_t *candidates)
{
    size_t i;
    json_t *c;
    if (json_array_size(candidates) < 2)
        return;
    printf("    candidates, best rule first:\n");
    json_array_foreach(candidates, i, c)
    {
        const json_t *ns = json_object_get(c, "median_ns");
        printf("        %-24s %-16s %s", json_text_at(c, "rule"),
               json_text_at(c, "template"), json_text_at(c, "text"));
        if (json_is_number(ns)) {
            printf("  ");
            print_ns(ns, "");
        }
        if (json_text_at(c, "refused")[0])
            printf("  refused: %s", json_text_at(c, "refused"));
        if (json_text_at(c, "quarantined")[0])
            printf("  in quarantine: %s", json_text_at(c, "quarantined"));
        printf("\n");
    }
}

static void print_lookup(const json_t *lookup)
{
    size_t i;
    json_t *d;
    json_array_foreach(lookup, i, d)
    {
        printf("        tune.db, %s: %s %s, ", json_text_at(d, "level"),
               json_text_at(d, "template"), json_text_at(d, "knobs"));
        print_ns(json_object_get(d, "median_ns"), "ranked, not timed");
        printf("\n");
    }
}

static void print_timings(const json_t *timings)
{
    size_t n = json_array_size(timings);
    json_t *first = json_array();
    for (size_t i = 0; i < n && i < MOST_TIMINGS; i++)
        json_array_append(first, json_array_get(timings, i));
    if (n)
        printf("    timed on this device:\n");
    print_measurements(first);
    if (n > MOST_TIMINGS)
        printf("    and %zu more (gnnac db history)\n", n - MOST_TIMINGS);
    json_decref(first);
}

void explain_print_step(const json_t *s)
{
    size_t i;
    json_t *t;
    const char *then = json_text_at(s, "then");
    const char *slabs = json_text_at(s, "slab_major");
    const char *of = json_text_at(s, "operator");
    if (of[0])
        printf("step %d: %s", int_at(s, "step"), of);
    else
        printf("step %d: layer %d (%s %d -> %d)", int_at(s, "step"),
               int_at(s, "layer"), json_text_at(s, "op"), int_at(s, "in_dim"),
               int_at(s, "out_dim"));
    printf(", %s, width %d%s%s%s%s\n", json_text_at(s, "kind"),
           int_at(s, "width"), then[0] ? ", then " : "", then,
           slabs[0] ? "; slab-major: " : "", slabs);
    json_array_foreach(json_object_get(s, "rules"), i, t) print_trace(t);
    print_candidates(json_object_get(s, "candidates"));
    printf("    chosen: %s\n        %s\n        by %s (%s): %s\n",
           json_text_at(s, "template"), json_text_at(s, "knobs"),
           json_text_at(s, "rule"), json_text_at(s, "level"),
           json_text_at(s, "why"));
    if (json_text_at(s, "level_text")[0])
        printf("        look-up: %s\n", json_text_at(s, "level_text"));
    print_lookup(json_object_get(s, "lookup"));
    print_timings(json_object_get(s, "timings"));
}
