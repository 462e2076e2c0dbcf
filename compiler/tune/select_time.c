// Races for the questions that no database answered.
#include <string.h>

#include "base/log.h"
#include "tune/prune.h"
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

// A search adds to the options, so those before it are compared.
static bool is_same_search(const struct question *a, const struct question *b)
{
    return a->space.n == b->space.n && a->incumbent == b->incumbent &&
           a->n_options >= b->n_options &&
           memcmp(a->options, b->options, b->n_options * sizeof(*a->options)) ==
               0 &&
           memcmp(a->space.points, b->space.points,
                  a->space.n * sizeof(*a->space.points)) == 0;
}

// The options that the search of an earlier step found.
static void copy_options(const struct question *from, struct question *to)
{
    to->n_options = from->n_options;
    memcpy(to->options, from->options, sizeof(to->options));
    memcpy(to->origins, from->origins,
           from->n_options * sizeof(*to->origins));
}

// The first step whose kernels are the very same ones: one race will do. A
// kernel's text says all of what it computes, and the graph is one.
static struct question *first_like(const struct selector *s,
                                   const struct question *q)
{
    struct question *e = s->questions;
    while (e < q && (e->recalled || !question_is_to_time(s, e) ||
                     !(q->space.n ? is_same_search(e, q)
                                  : is_same_race(s, e, q))))
        e++;
    return e;
}

// An earlier step that had that race; NULL: there is none.
static const struct question *find_race(const struct selector *s,
                                        const struct question *q)
{
    const struct question *e = first_like(s, q);
    return e < q && s->sel->contests[e->step].n ? e : NULL;
}

// The first step of the same class. Unlike first_like it needs no candidates,
// so that a recalled question has one, too.
static struct question *first_of_class(const struct selector *s,
                                       const struct question *q)
{
    struct question *e = s->questions;
    while (e < q && !(question_is_to_time(s, e) &&
                      opspec_same_class(e->op.key, q->op.key)))
        e++;
    return e;
}

// The same questions in the same order, whatever others decided before a tuner
// came to ask.
static void deal_out(struct selector *s)
{
    const struct workbench_request *rq = &s->wb->request;
    unsigned n = 0;
    for (size_t i = 0; i < s->n_questions; i++) {
        struct question *q = &s->questions[i];
        if (!question_is_to_time(s, q))
            continue;
        const struct question *e = first_of_class(s, q);
        q->others = e < q ? e->others : n++ % rq->parts != rq->part;
        if (!q->recalled && (e = first_like(s, q)) < q)
            q->others = e->others;
    }
}

void questions_deal_out(struct selector *s)
{
    if (!s->wb->request.parts)
        return;
    deal_out(s);
    for (size_t i = 0; i < s->sel->n_variants; i++)
        s->sel->variants[i].others = true;
    for (size_t i = 0; i < s->n_questions; i++) {
        const struct question *q = &s->questions[i];
        for (size_t k = 0; k < q->n_options && !q->others; k++)
            s->sel->variants[q->options[k]].others = false;
    }
}

static int32_t first_of(const struct selector *s, const struct question *q,
                        int32_t variant)
{
    return twin_of(s->sel->variants, q->options, q->n_options, variant);
}

static gnnac_status copy_race(struct selector *s, const struct question *from,
                              struct question *q, gnnac_error *err)
{
    if (q->space.n)
        copy_options(from, q);
    return contest_copy(&s->sel->contests[from->step],
                        &s->sel->contests[q->step], err);
}

bool question_prunes(struct selector *s, const struct question *q,
                     int32_t variant)
{
    gnnac_error why = {{0}};
    if (s->wb->request.record || s->wb->request.unpruned ||
        !is_pruned(&s->wb->device, s->sel->variants, q->options, q->n_options,
                   variant, &why))
        return false;
    log_verbose("not timed: %s", why.msg);
    s->sel->report.n_pruned++;
    return true;
}

// Out of `distinct`, but for what others are told against.
static size_t prune(struct selector *s, const struct question *q,
                    const struct contest_request *rq, int32_t *distinct)
{
    size_t n = 0;
    for (size_t i = 0; i < rq->n; i++)
        if (distinct[i] == rq->reference || distinct[i] == rq->incumbent ||
            !question_prunes(s, q, distinct[i]))
            distinct[n++] = distinct[i];
    return n;
}

static gnnac_status hold_race(struct selector *s, struct question *q,
                              struct contest *out, gnnac_error *err)
{
    int32_t distinct[MAX_CANDIDATES];
    struct variant *all = s->sel->variants;
    size_t reference = question_rank(s, q);
    struct contest_request rq = {
        .graph = s->graph->stored,
        .spec = &q->op.spec,
        .variants = all,
        .options = distinct,
        .reference = reference < q->n_options
                         ? first_of(s, q, q->options[reference])
                         : -1,
        .incumbent = first_of(s, q, q->incumbent),
        .seed = s->wb->request.seed,
        .program = s->wb->request.program,
        .ordinal = s->wb->ordinal,
        .cold = s->wb->request.cold,
        .whole = s->wb->request.record,
        .stop = s->wb->request.stop,
    };
    if (q->space.n)
        return question_search(s, q, &rq, out, err);
    rq.n = twins_collapse(all, q->options, q->n_options, distinct);
    rq.n = prune(s, q, &rq, distinct);
    return time_variants(s->wb->cuda, &rq, out, err);
}

static size_t count_twins(const struct selector *s, const struct question *q)
{
    int32_t distinct[MAX_CANDIDATES];
    return q->n_options -
           twins_collapse(s->sel->variants, q->options, q->n_options, distinct);
}

// What does not fit this GPU is ranked, not timed.
static gnnac_status time_question(struct selector *s, struct question *q,
                                  gnnac_error *err)
{
    const struct question *known = find_race(s, q);
    if (known) {
        q->recorded = known->recorded;
        return copy_race(s, known, q, err);
    }
    gnnac_error e = {{0}};
    struct contest *c = &s->sel->contests[q->step];
    gnnac_status st = hold_race(s, q, c, &e);
    struct variant *all = s->sel->variants;
    s->sel->report.n_timed += c->n;
    s->sel->report.gate_seconds += c->gate_seconds;
    s->sel->report.race_seconds += c->race_seconds;
    s->sel->report.n_twins += count_twins(s, q);
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
        struct question *q = &s->questions[i];
        if (q->recalled || q->others || !question_is_to_time(s, q))
            continue;
        st = time_question(s, q, err);
        // At once: whatever happens next, this was measured.
        if (st == GNNAC_OK && s->sel->contests[q->step].n && !q->recorded)
            question_remember(s, q);
    }
    return st;
}
