// Races for the questions that no database answered.
#include <string.h>

#include "base/log.h"
#include "tune/quarantine.h"
#include "tune/select_state.h"
#include "tune/twins.h"

static bool is_same_race(const struct selector *s, const struct question *a,
                         const struct question *b)
{
    return a->n_options == b->n_options && a->incumbent == b->incumbent &&
           memcmp(a->options, b->options, a->n_options * sizeof(*a->options)) ==
               0 &&
           question_rank(s, a) == question_rank(s, b);
}

// The race of an earlier step between the very same kernels; NULL: there is
// none. A kernel's text says all of what it computes, and the graph is one.
static const struct contest *find_race(const struct selector *s,
                                       const struct question *q)
{
    for (const struct question *e = s->questions; e < q; e++)
        if (s->sel->contests[e->step].n && is_same_race(s, e, q))
            return &s->sel->contests[e->step];
    return NULL;
}

static int32_t first_of(const struct selector *s, const struct question *q,
                        int32_t variant)
{
    return twin_of(s->sel->variants, q->options, q->n_options, variant);
}

// What does not fit this GPU is ranked, not timed.
static gnnac_status time_question(struct selector *s, const struct question *q,
                                  gnnac_error *err)
{
    const struct contest *known = find_race(s, q);
    if (known)
        return contest_copy(known, &s->sel->contests[q->step], err);
    gnnac_error e = {{0}};
    int32_t distinct[MAX_CANDIDATES];
    struct variant *all = s->sel->variants;
    size_t n = twins_collapse(all, q->options, q->n_options, distinct);
    size_t reference = question_rank(s, q);
    struct contest *c = &s->sel->contests[q->step];
    const struct contest_request rq = {
        .graph = s->graph->stored,
        .spec = &q->op.spec,
        .variants = all,
        .options = distinct,
        .n = n,
        .reference = reference < q->n_options
                         ? first_of(s, q, q->options[reference])
                         : -1,
        .incumbent = first_of(s, q, q->incumbent),
        .seed = s->wb->request.seed,
        .program = s->wb->request.program,
        .ordinal = s->wb->ordinal,
        .stop = s->wb->request.stop,
    };
    gnnac_status st = time_variants(s->wb->cuda, &rq, c, &e);
    s->sel->report.n_timed += c->n;
    s->sel->report.n_twins += q->n_options - n;
    twins_fail(all, q->options, q->n_options);
    quarantine_keep(s->wb, all, q->options, q->n_options);
    if (st == GNNAC_ENOMEM) {
        log_warn("not timed: %s", e.msg);
        return GNNAC_OK;
    }
    return st == GNNAC_OK ? st : FAIL(err, st, "%s", e.msg);
}

gnnac_status questions_time(struct selector *s, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    if (s->wb->request.explain || !s->wb->cuda || !s->wb->request.timed)
        return st;
    for (size_t i = 0; i < s->n_questions && st == GNNAC_OK; i++) {
        const struct question *q = &s->questions[i];
        if (q->recalled || !question_is_to_time(s, q))
            continue;
        st = time_question(s, q, err);
        // At once: whatever happens next, this was measured.
        if (st == GNNAC_OK && s->sel->contests[q->step].n)
            question_remember(s, q);
    }
    return st;
}
