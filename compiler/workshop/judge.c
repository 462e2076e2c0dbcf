#include "workshop/judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tune/cost.h"
#include "tune/variant.h"

struct court {
    struct catalog *catalog;
    const struct workload *w;
    const struct decision *d;
};

static const struct timed_point *recorded(const struct workload *w,
                                          const struct candidate *c)
{
    char knobs[256];
    candidate_text(c, knobs, sizeof(knobs));
    return workload_point(w, c->family->name, knobs);
}

static bool has_failed(const struct timed_point *p)
{
    return p && isnan(p->ns);
}

// *fits: the template takes the point for this question.
static gnnac_status try_template(const struct court *k,
                                 const struct candidate *c, bool *fits,
                                 gnnac_error *err)
{
    struct emitted e = {0};
    gnnac_error mine = {{0}};
    gnnac_status st = tmpl_emit(k->catalog, c, &k->w->op.spec, &e, &mine);
    *fits = st == GNNAC_OK;
    emitted_finish(&e);
    if (st == GNNAC_OK || st == GNNAC_EUNSUPPORTED)
        return GNNAC_OK;
    return FAIL(err, st, "%s", mine.msg);
}

static struct standing standing_of(const struct court *k,
                                   const struct candidate *c,
                                   const struct timed_point *p)
{
    return (struct standing){p && p->spill_bytes > 0,
                             cost_estimate(c, &k->w->op.spec,
                                           &k->w->graph->props,
                                           &k->w->device->device)};
}

static gnnac_status find_pick(const struct court *k, struct verdict *out,
                              gnnac_error *err)
{
    struct standing best = {0};
    for (size_t i = 0; i < k->d->n_candidates; i++) {
        const struct candidate *c = &k->d->candidates[i];
        const struct timed_point *p = recorded(k->w, c);
        bool fits;
        if (out->pick.family && strcmp(c->rule, out->pick.rule) != 0)
            break;
        gnnac_status st = try_template(k, c, &fits, err);
        if (st != GNNAC_OK)
            return st;
        struct standing mine = standing_of(k, c, p);
        if (!fits || has_failed(p) ||
            (out->pick.family && !stands_before(mine, best)))
            continue;
        best = mine;
        out->pick = *c;
        out->pick_ns = p ? p->ns : NAN;
    }
    return GNNAC_OK;
}

static void find_reach(const struct court *k, struct verdict *out)
{
    out->n_proposed = k->d->n_candidates;
    for (size_t i = 0; i < k->d->n_candidates; i++) {
        const struct candidate *c = &k->d->candidates[i];
        const struct timed_point *p = recorded(k->w, c);
        if (!p || isnan(p->ns))
            continue;
        out->n_timed++;
        if (out->reach.family && p->ns >= out->reach_ns)
            continue;
        out->reach = *c;
        out->reach_ns = p->ns;
    }
}

gnnac_status judge(struct ruleset *rules, struct catalog *catalog,
                   const struct workload *w, struct verdict *out,
                   gnnac_error *err)
{
    gnnac_error mine = {{0}};
    struct decision *d = calloc(1, sizeof(*d));
    if (!d)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    const struct court k = {catalog, w, d};
    *out = (struct verdict){.pick_ns = NAN, .reach_ns = NAN};
    gnnac_status st = ruleset_decide(rules, w->op.op, &w->graph->props,
                                     &w->op.layer, &w->device->props, d, &mine);
    if (st == GNNAC_OK) {
        find_reach(&k, out);
        st = find_pick(&k, out, err);
    } else if (st == GNNAC_ENOENT) {
        st = GNNAC_OK;
    } else {
        st = FAIL(err, st, "%s", mine.msg);
    }
    free(d);
    return st;
}

gnnac_status judge_all(struct ruleset *rules, struct catalog *catalog,
                       const struct evidence *e, struct verdict *out,
                       gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    for (size_t i = 0; i < e->n && st == GNNAC_OK; i++) {
        out[i] = (struct verdict){.pick_ns = NAN, .reach_ns = NAN};
        if (workload_is_known(&e->items[i]))
            st = judge(rules, catalog, &e->items[i], &out[i], err);
    }
    return st;
}

double regret_of(const struct workload *w, double ns)
{
    return ns / workload_best(w)->ns - 1;
}

void regrets_add(struct regrets *r, double regret)
{
    r->n++;
    if (isnan(regret))
        return;
    r->n_known++;
    r->sum_log += log1p(regret);
    r->worst = fmax(r->worst, regret);
    r->n_above_5 += regret > 0.05;
}

double regrets_mean(const struct regrets *r)
{
    return r->n_known ? expm1(r->sum_log / (double)r->n_known) : NAN;
}
