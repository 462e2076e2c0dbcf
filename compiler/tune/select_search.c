// A question with more points than options: which of them to begin with, and
// how a search turns points into kernels.
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tune/cost.h"
#include "tune/neighbours.h"
#include "tune/select_state.h"
#include "tune/twins.h"

bool question_is_to_search(const struct selector *s, const struct question *q,
                           const struct space *space)
{
    return space->n > MAX_CANDIDATES && !s->wb->request.explain &&
           question_is_to_time(s, q);
}

// ---- what rules think best --------------------------------------------------

struct ruled {
    size_t at;
    bool first; // of the first rule's, which compete by cost
    double cost;
};

static int compare_ruled(const void *pa, const void *pb)
{
    const struct ruled *a = pa, *b = pb;
    if (a->first != b->first)
        return a->first ? -1 : 1;
    if (a->first && a->cost != b->cost)
        return a->cost < b->cost ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

static void rank_candidates(const struct selector *s, const struct question *q,
                            const struct decision *d, struct ruled *ranked)
{
    const struct candidate *c = d->candidates;
    for (size_t i = 0; i < d->n_candidates; i++) {
        ranked[i] = (struct ruled){i, strcmp(c[i].rule, c[0].rule) == 0, 0};
        if (ranked[i].first)
            ranked[i].cost = cost_estimate(&c[i], &q->op.spec,
                                           &s->graph->props, &s->wb->device);
    }
    qsort(ranked, d->n_candidates, sizeof(*ranked), compare_ruled);
}

// As many as are seeds; what a template refuses does not count.
gnnac_status question_add_seeds(struct selector *s, struct question *q,
                                const struct decision *d, gnnac_error *why,
                                gnnac_error *err)
{
    struct ruled ranked[MAX_CANDIDATES];
    gnnac_status st = GNNAC_OK;
    int32_t at;
    rank_candidates(s, q, d, ranked);
    for (size_t i = 0; st == GNNAC_OK && i < d->n_candidates &&
                       q->n_options < SEARCH_RULED;
         i++)
        st = question_add(s, q, &d->candidates[ranked[i].at], &at, why, err);
    return st;
}

// ---- where the search begins ------------------------------------------------

struct seeds {
    size_t n, points[SEARCH_RULED + MAX_FAVOURITES + 3];
};

static void add_seed(struct seeds *seeds, size_t point)
{
    if (point != NO_RACER)
        seeds->points[seeds->n++] = point;
}

static size_t point_of(const struct selector *s, const struct question *q,
                       int32_t variant)
{
    if (variant < 0)
        return NO_RACER;
    const struct variant *v = &s->sel->variants[variant];
    return space_find(&q->space, v->kernel.family, v->knobs);
}

static void add_favourites(const struct selector *s, const struct question *q,
                           struct seeds *seeds)
{
    struct favourite best[MAX_FAVOURITES];
    const struct neighbours_request rq = {.graph = &s->graph->props,
                                          .op = q->op.key,
                                          .arch = s->wb->archs[0],
                                          .cold = s->wb->request.cold};
    if (!s->wb->db || s->graph->props.n == 0)
        return;
    size_t n = neighbours_favourites(s->wb->db, &rq, best);
    for (size_t i = 0; i < n; i++)
        add_seed(seeds, space_find(&q->space, best[i].family, best[i].knobs));
}

// What would be chosen without timing is the first. The earlier choice goes by
// the option that executes what it does, as a twin of one has no racer.
static void find_seeds(const struct selector *s, const struct question *q,
                       const struct contest_request *rq, struct seeds *seeds)
{
    seeds->n = 0;
    add_seed(seeds, point_of(s, q, rq->reference));
    add_seed(seeds, point_of(s, q, rq->incumbent));
    add_seed(seeds, space_find(&q->space, "blas", ""));
    add_favourites(s, q, seeds);
    for (size_t i = 0; i < q->n_options && i < SEARCH_RULED; i++)
        add_seed(seeds, point_of(s, q, q->options[i]));
}

// ---- points become kernels --------------------------------------------------

struct maker {
    struct selector *s;
    struct question *q;
    bool begun; // the first wave, which has the reference, is whole
};

// Who executes what another does has its time.
static int32_t unless_twin(const struct maker *m, int32_t variant)
{
    const struct question *q = m->q;
    return twin_of(m->s->sel->variants, q->options, q->n_options, variant) ==
                   variant
               ? variant
               : -1;
}

// Its option, which is there from the beginning.
static int32_t blas_of(const struct maker *m)
{
    const struct question *q = m->q;
    size_t i = 0;
    while (!variant_is_blas(&m->s->sel->variants[q->options[i]]))
        i++;
    return q->options[i];
}

static gnnac_status make(void *context, const size_t *wave, size_t n,
                         int32_t *made, gnnac_error *err)
{
    struct maker *m = context;
    gnnac_status st = GNNAC_OK;
    gnnac_error why = {{0}};
    for (size_t i = 0; i < n; i++) {
        struct candidate c;
        if (space_is_blas(&m->q->space, wave[i])) {
            made[i] = blas_of(m);
            continue;
        }
        space_candidate(&m->q->space, wave[i], &c);
        TRY(question_add(m->s, m->q, &c, &made[i], &why, err));
    }
    TRY(selector_build(m->s, err));
    for (size_t i = 0; i < n; i++)
        made[i] = made[i] < 0 ? -1 : unless_twin(m, made[i]);
    for (size_t i = 0; i < n && m->begun; i++)
        if (made[i] >= 0 && question_prunes(m->s, m->q, made[i]))
            made[i] = -1;
    m->begun = true;
out:
    return st;
}

gnnac_status question_search(struct selector *s, struct question *q,
                             const struct contest_request *rq,
                             struct contest *out, gnnac_error *err)
{
    struct maker maker = {s, q, false};
    struct seeds seeds;
    gnnac_status st =
        rq->whole ? question_record(s, q, rq, err) : GNNAC_OK;
    if (st == GNNAC_OK)
        st = selection_reserve(s->sel, MAX_CANDIDATES, err);
    if (st != GNNAC_OK)
        return st;
    find_seeds(s, q, rq, &seeds);
    const struct contest_search search = {
        .options = {.n = q->space.n,
                    .points = q->space.points,
                    .n_seeds = seeds.n,
                    .seeds = seeds.points,
                    .incumbent = point_of(s, q, rq->incumbent),
                    .most = MAX_CANDIDATES,
                    .seed = rq->seed},
        .context = &maker,
        .make = make};
    struct contest_request whole = *rq;
    whole.variants = s->sel->variants;
    whole.search = &search;
    whole.whole = false; // all was recorded, or could not be
    return time_variants(s->wb->cuda, &whole, out, err);
}
