// Which options are compiled, and when.
#include <string.h>

#include "base/log.h"
#include "tune/build.h"
#include "tune/content.h"
#include "tune/quarantine.h"
#include "tune/select_state.h"

static void screen(struct selector *s)
{
    struct selection *sel = s->sel;
    sel->report.n_quarantined +=
        quarantine_screen(s->wb, sel->variants, sel->n_variants);
}

gnnac_status selector_build(struct selector *s, gnnac_error *err)
{
    screen(s);
    gnnac_status st = build_first(s->wb, s->sel, err);
    for (size_t i = 0; i < s->sel->n_variants; i++)
        variant_content(&s->sel->variants[i], s->sel->variants[i].content);
    if (st == GNNAC_OK)
        screen(s);
    return st;
}

static bool is_to_rank(const struct selector *s, const struct question *q)
{
    return !q->recalled && !q->others && !question_is_to_time(s, q);
}

// All but what a race needs and what is there.
static void put_off(struct selector *s)
{
    struct variant *all = s->sel->variants;
    for (size_t i = 0; i < s->sel->n_variants; i++)
        all[i].put_off =
            strcmp(all[i].status, "ok") == 0 && !all[i].images[0].image;
    for (size_t i = 0; i < s->n_questions; i++) {
        const struct question *q = &s->questions[i];
        for (size_t k = 0; k < q->n_options && !is_to_rank(s, q); k++)
            all[q->options[k]].put_off = false;
    }
}

typedef size_t (*choosing)(const struct selector *s, const struct question *q);

// Whether what `choose` takes now was put off until now, for any question.
static bool want(struct selector *s, choosing choose)
{
    bool more = false;
    for (size_t i = 0; i < s->n_questions; i++) {
        const struct question *q = &s->questions[i];
        size_t best = is_to_rank(s, q) ? choose(s, q) : q->n_options;
        if (best == q->n_options)
            continue;
        struct variant *v = &s->sel->variants[q->options[best]];
        more |= v->put_off;
        v->put_off = false;
    }
    return more;
}

// Where nobody times a kernel, it is compiled once it would be chosen: if it
// then fails or spills, the next one is. The answers are those after compiling
// all, as neither makes a kernel better. What ranks first is found before
// similar graphs are asked: they are told against it.
static gnnac_status build_needed(struct selector *s, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    put_off(s);
    do
        st = selector_build(s, err);
    while (st == GNNAC_OK &&
           (want(s, question_rank) || want(s, question_prefer)));
    return st;
}

// Where nothing is compiled, what a kernel would execute is not known.
gnnac_status selector_build_needed(struct selector *s, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    size_t n_before = s->sel->report.n_quarantined;
    if (s->wb->request.explain)
        screen(s);
    else
        st = build_needed(s, err);
    if (s->sel->report.n_quarantined > n_before && !s->wb->request.explain)
        log_info("in quarantine and not run, as they failed earlier: %zu "
                 "(gnnac db quarantine)",
                 s->sel->report.n_quarantined);
    return st;
}
