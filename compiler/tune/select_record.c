// --record where there are more points than options: all of them race, a part
// after the other, and what they took is kept once it is whole. Nothing is
// decided here; the search is.
#include <stdlib.h>

#include "base/log.h"
#include "tune/quarantine.h"
#include "tune/recall.h"
#include "tune/select_state.h"
#include "tune/spool.h"
#include "tune/twins.h"

// As many points as can be options, in a selection of their own.
struct part {
    struct selector s;
    struct question q;
    struct selection *sel; // owned
};

static gnnac_status part_init(const struct selector *s,
                              const struct question *q, struct part *p,
                              gnnac_error *err)
{
    p->sel = calloc(1, sizeof(*p->sel));
    p->q = (struct question){
        .step = q->step,
        .op = q->op,
        .incumbent = -1,
        .origins = calloc(MAX_CANDIDATES, sizeof(*p->q.origins))};
    p->s = (struct selector){.wb = s->wb,
                             .graph = s->graph,
                             .sel = p->sel,
                             .n_questions = 1,
                             .questions = &p->q};
    return p->sel && p->q.origins ? GNNAC_OK
                                  : FAIL(err, GNNAC_ENOMEM, "out of memory");
}

static void part_finish(struct part *p)
{
    if (p->sel)
        selection_finish(p->sel);
    free(p->sel);
    free(p->q.origins);
}

static gnnac_status add_points(struct part *p, const struct space *space,
                               size_t first, size_t end, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    gnnac_error why = {{0}};
    for (size_t i = first; i < end && st == GNNAC_OK; i++) {
        struct candidate c;
        int32_t at;
        if (space_is_blas(space, i)) {
            st = question_add_blas(&p->s, &p->q, err);
            continue;
        }
        space_candidate(space, i, &c);
        st = question_add(&p->s, &p->q, &c, &at, &why, err);
    }
    return st;
}

static void add_report(const struct select_report *part,
                       struct select_report *all)
{
    all->n_emitted += part->n_emitted;
    all->n_compiled += part->n_compiled;
    all->n_cached += part->n_cached;
    all->n_timed += part->n_timed;
    all->n_twins += part->n_twins;
    all->compile_seconds += part->compile_seconds;
    all->gate_seconds += part->gate_seconds;
    all->race_seconds += part->race_seconds;
}

// All of a part, to the end. *whole: nobody stopped it.
static gnnac_status race_part(struct part *p, const struct contest_request *rq,
                              bool *whole, gnnac_error *err)
{
    int32_t distinct[MAX_CANDIDATES];
    struct question *q = &p->q;
    struct contest c = {.winner = -1};
    struct contest_request all = *rq;
    all.variants = p->sel->variants;
    all.options = distinct;
    all.n = twins_collapse(all.variants, q->options, q->n_options, distinct);
    all.reference = all.incumbent = -1;
    all.whole = true;
    gnnac_status st = time_variants(p->s.wb->cuda, &all, &c, err);
    twins_fail(all.variants, q->options, q->n_options);
    quarantine_keep(p->s.wb, all.variants, q->options, q->n_options);
    p->sel->report.n_timed = c.n;
    p->sel->report.n_twins = q->n_options - all.n;
    p->sel->report.gate_seconds = c.gate_seconds;
    p->sel->report.race_seconds = c.race_seconds;
    *whole = !c.stopped && !(rq->stop && rq->stop());
    contest_finish(&c);
    return st;
}

static gnnac_status spool_part(const struct part *p, struct spool *to,
                               gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct question *q = &p->q;
    for (size_t i = 0; i < q->n_options && st == GNNAC_OK; i++) {
        const struct measurement_row row = recall_row(
            p->sel->variants, q->options, q->n_options, q->options[i]);
        st = spool_add(to, &row, err);
    }
    return st;
}

static gnnac_status record_part(struct selector *s, const struct question *q,
                                const struct contest_request *rq, size_t first,
                                struct spool *to, bool *whole,
                                gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    size_t end = first + MAX_CANDIDATES;
    struct part *p = calloc(1, sizeof(*p));
    if (!p)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    TRY(part_init(s, q, p, err));
    TRY(add_points(p, &q->space, first, end < q->space.n ? end : q->space.n,
                   err));
    TRY(selector_build(&p->s, err));
    if (p->q.n_options)
        TRY(race_part(p, rq, whole, err));
    TRY(spool_part(p, to, err));
    add_report(&p->sel->report, &s->sel->report);
out:
    part_finish(p);
    free(p);
    return st;
}

static gnnac_status record_parts(struct selector *s, const struct question *q,
                                 const struct contest_request *rq,
                                 struct spool *to, size_t *n, gnnac_error *err)
{
    gnnac_status st = spool_init(to, err);
    bool whole = true;
    for (*n = 0; *n < q->space.n && whole && st == GNNAC_OK;) {
        log_status("recording: %zu of %zu points", *n, q->space.n);
        st = record_part(s, q, rq, *n, to, &whole, err);
        if (whole && st == GNNAC_OK)
            *n += MAX_CANDIDATES;
    }
    return st;
}

gnnac_status question_record(struct selector *s, struct question *q,
                             const struct contest_request *rq,
                             gnnac_error *err)
{
    struct spool all = {0};
    size_t n = 0;
    gnnac_error why = {{0}};
    gnnac_status st = record_parts(s, q, rq, &all, &n, &why);
    bool whole = st == GNNAC_OK && n >= q->space.n;
    if (whole)
        q->recorded = remember_spooled(s->wb, s->graph->fingerprint, q->op.key,
                                       &all);
    else
        log_warn("--record: step %d: nothing is kept of %zu points, as after "
                 "%zu %s", (int)q->step, q->space.n, n,
                 st == GNNAC_OK ? "it was stopped" : why.msg);
    spool_finish(&all);
    bool lost = st == GNNAC_EDRIVER || st == GNNAC_ENODEVICE;
    return lost ? FAIL(err, st, "%s", why.msg) : GNNAC_OK;
}
