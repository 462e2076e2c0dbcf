#include "tune/propose.h"

#include <stdio.h>
#include <string.h>

bool propose_asks_rules(const struct workbench *wb)
{
    return wb->request.n_settings == 0;
}

static bool tells_whole(const struct workbench *wb, const char *op)
{
    return wb->request.whole_knobs && strcmp(op, "whole_model") == 0;
}

bool propose_is_told(const struct workbench *wb, const char *op)
{
    return tells_whole(wb, op) ||
           (!propose_asks_rules(wb) && strcmp(op, "aggregate") == 0);
}

static gnnac_status too_many_knobs(gnnac_error *err)
{
    return FAIL(err, GNNAC_EUSAGE,
                "--whole: these are more settings than a kernel has knobs");
}

// "a=1,b=2" as settings. What is said of those is said of this option.
gnnac_status propose_whole_knobs(const struct workbench *wb,
                                 struct candidate *out, gnnac_error *err)
{
    static const char option[] = "--set";
    char text[512], *save = NULL;
    const char *settings[MAX_KNOBS + 1];
    size_t n = 0;
    gnnac_error mine = {{0}};
    if (strlen(wb->request.whole_knobs) >= sizeof(text))
        return too_many_knobs(err);
    strcpy(text, wb->request.whole_knobs);
    for (char *s = strtok_r(text, ",", &save); s;
         s = strtok_r(NULL, ",", &save)) {
        if (n > MAX_KNOBS)
            return too_many_knobs(err);
        settings[n++] = s;
    }
    gnnac_status st =
        candidate_from_settings(catalog_families(wb->catalog), "whole_model",
                                settings, n, out, &mine);
    if (st != GNNAC_OK)
        return FAIL(err, st, "--whole%s", mine.msg + sizeof(option) - 1);
    snprintf(out->rule, sizeof(out->rule), "--whole");
    return GNNAC_OK;
}

gnnac_status propose_check_whole(const struct workbench *wb, gnnac_error *err)
{
    struct candidate c;
    return wb->request.whole_knobs ? propose_whole_knobs(wb, &c, err)
                                   : GNNAC_OK;
}

static gnnac_status take_settings(struct workbench *wb,
                                  const struct opspec *op,
                                  struct decision *out, gnnac_error *err)
{
    const struct workbench_request *rq = &wb->request;
    out->n_candidates = 1;
    out->n_traces = 0;
    gnnac_status st = candidate_from_settings(
        catalog_families(wb->catalog), op->op, rq->settings, rq->n_settings,
        &out->candidates[0], err);
    if (st == GNNAC_OK && rq->deterministic &&
        !candidate_repeats(&out->candidates[0]))
        return FAIL(err, GNNAC_EUSAGE,
                    "--deterministic: by --set, %s adds atomically, so that "
                    "results do not repeat",
                    out->candidates[0].family->name);
    return st;
}

static bool proposes(const struct decision *d, const char *rule)
{
    for (size_t i = 0; i < d->n_candidates; i++)
        if (strcmp(d->candidates[i].rule, rule) == 0)
            return true;
    return false;
}

// Rules are mostly about aggregations: of the others only those that propose
// are worth showing.
static void keep_proposing_traces(struct decision *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_traces; i++)
        if (proposes(d, d->traces[i].rule))
            d->traces[n++] = d->traces[i];
    d->n_traces = n;
}

// The template that bears the operation's name, as it comes.
static gnnac_status add_shipped(struct workbench *wb, const char *op,
                                struct decision *d, gnnac_error *err)
{
    char setting[64];
    const char *settings[] = {setting};
    struct candidate *c = &d->candidates[d->n_candidates];
    if (d->n_candidates == MAX_CANDIDATES)
        return GNNAC_OK;
    snprintf(setting, sizeof(setting), "template=%s", op);
    gnnac_status st = candidate_from_settings(catalog_families(wb->catalog), op,
                                              settings, 1, c, err);
    if (st != GNNAC_OK)
        return st;
    snprintf(c->rule, sizeof(c->rule), "built-in");
    snprintf(c->why, sizeof(c->why), "no rule proposes another way");
    snprintf(c->where, sizeof(c->where), "templates/%s.cu.lua",
             c->family->name);
    d->n_candidates++;
    return GNNAC_OK;
}

static gnnac_status ask_rules(struct workbench *wb, const struct opspec *op,
                              const struct props *graph, struct decision *out,
                              gnnac_error *err)
{
    struct props device = {0};
    device_props(&wb->device, &device);
    return ruleset_decide(wb->rules, op->op, graph, &op->layer, &device, out,
                          err);
}

gnnac_status propose(struct workbench *wb, const struct opspec *op,
                     const struct props *graph, struct decision *out,
                     gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    gnnac_error mine = {{0}};
    bool aggregation = strcmp(op->op, "aggregate") == 0;
    bool manual = !propose_asks_rules(wb);
    if (aggregation && manual)
        return take_settings(wb, op, out, err);
    out->n_candidates = out->n_traces = 0;
    if (tells_whole(wb, op->op)) {
        out->n_candidates = 1;
        return propose_whole_knobs(wb, &out->candidates[0], err);
    }
    if (!manual)
        st = ask_rules(wb, op, graph, out, &mine);
    if (aggregation || (st != GNNAC_OK && st != GNNAC_ENOENT))
        return st == GNNAC_OK ? st : FAIL(err, st, "%s", mine.msg);
    keep_proposing_traces(out);
    return add_shipped(wb, op->op, out, err);
}
