// Which option answers a question.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tune/cost.h"
#include "tune/neighbours.h"
#include "tune/propose.h"
#include "tune/select_state.h"

static struct standing standing_of(const struct variant *v)
{
    return (struct standing){v->spill_bytes > 0, v->cost};
}

// Whether option b is preferred to option a, which stands before it. Only the
// first rule's candidates compete by cost: a rule's place in the order is a
// judgement that the model does not overrule. Ties keep the rules' order.
static bool overtakes(const struct selector *s, const struct question *q,
                      size_t b, size_t a)
{
    const struct variant *all = s->sel->variants;
    return strcmp(q->origins[b].rule, q->origins[a].rule) == 0 &&
           stands_before(standing_of(&all[q->options[b]]),
                         standing_of(&all[q->options[a]]));
}

static bool may_rank(const struct variant *v)
{
    return strcmp(v->status, "ok") == 0 && !variant_is_blas(v);
}

size_t question_rank(const struct selector *s, const struct question *q)
{
    size_t best = q->n_options;
    for (size_t i = 0; i < q->n_options; i++)
        if (may_rank(&s->sel->variants[q->options[i]]) &&
            (best == q->n_options || overtakes(s, q, i, best)))
            best = i;
    return best;
}

static const char *name_of_option(const struct selector *s,
                                  const struct question *q, size_t option)
{
    return s->sel->variants[q->options[option]].kernel.name;
}

static void explain_neighbours(const struct selector *s,
                               const struct question *q, size_t ranked,
                               const struct neighbours_choice *c,
                               struct origin *from)
{
    char than[160];
    if (isnan(c->of_reference))
        snprintf(than, sizeof(than), "%.100s was not measured there",
                 name_of_option(s, q, ranked));
    else
        snprintf(than, sizeof(than), "%.0f %% less time there than %.100s",
                 100 * (1 - c->slowdown / c->of_reference),
                 name_of_option(s, q, ranked));
    snprintf(from->why, sizeof(from->why),
             "ranked by nearest graph %.8s of %zu (distance %.2f): %s",
             c->nearest, c->n_graphs, c->distance, than);
}

// Where nothing is timed, what was timed on graphs like this one counts more
// than the cost model. False: nothing was.
static bool ask_neighbours(const struct selector *s, const struct question *q,
                           size_t ranked, struct neighbours_choice *out)
{
    const struct neighbours_request rq = {.graph = &s->graph->props,
                                          .op = q->op.key,
                                          .arch = s->wb->archs[0],
                                          .cold = s->wb->request.cold,
                                          .variants = s->sel->variants,
                                          .options = q->options,
                                          .n = q->n_options,
                                          .reference = ranked};
    return s->wb->db && s->graph->props.n > 0 && q->n_options >= 2 &&
           neighbours_choose(s->wb->db, &rq, out);
}

size_t question_prefer(const struct selector *s, const struct question *q)
{
    struct neighbours_choice c;
    size_t ranked = question_rank(s, q);
    return ranked < q->n_options && ask_neighbours(s, q, ranked, &c) ? c.option
                                                                    : ranked;
}

static size_t option_of(const struct question *q, int32_t variant)
{
    size_t i = 0;
    while (i < q->n_options && q->options[i] != variant)
        i++;
    return i;
}

static gnnac_status nothing_usable(const struct variant *v, gnnac_error *err)
{
    gnnac_status st = strcmp(v->status, "compile_error") == 0 ? GNNAC_ECOMPILE
                                                              : GNNAC_EWRONG;
    return FAIL(err, st, "%s",
                v->reason[0] ? v->reason : "no candidate is usable");
}

// A variant that steps share is timed for each of them.
static double time_in(const struct contest *c, int32_t variant)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->entries[i].variant == variant)
            return c->entries[i].median_ns;
    return NAN;
}

gnnac_status question_decide(struct selector *s, struct question *q,
                             gnnac_error *err)
{
    const struct variant *all = s->sel->variants;
    const struct contest *c = &s->sel->contests[q->step];
    struct neighbours_choice nearest;
    size_t best = c->n ? option_of(q, c->winner) : q->n_options;
    for (size_t i = 0; i < q->n_options && !q->others; i++)
        s->sel->report.n_rejected +=
            strcmp(all[q->options[i]].status, "ok") != 0;
    if (best == q->n_options)
        best = question_rank(s, q);
    if (best == q->n_options)
        return nothing_usable(&all[q->options[0]], err);
    q->from = q->origins[best];
    if (c->n == 0 && ask_neighbours(s, q, best, &nearest)) {
        q->nearest = true;
        q->from = q->origins[nearest.option];
        explain_neighbours(s, q, best, &nearest, &q->from);
        best = nearest.option;
    }
    q->answer = q->options[best];
    q->median_ns = time_in(c, q->answer);
    return GNNAC_OK;
}

const char *question_level(const struct selector *s, const struct question *q)
{
    if (q->recalled)
        return "tune.db";
    if (s->sel->contests[q->step].winner == q->answer &&
        s->sel->contests[q->step].n)
        return "timed";
    if (q->nearest)
        return "nearest";
    return propose_is_told(s->wb, q->op.op) ? "settings" : "rules";
}
