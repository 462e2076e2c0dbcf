#include "tune/select_state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/hash_text.h"
#include "checked.h"
#include "graph/stats.h"
#include "order/community.h"
#include "tune/build.h"
#include "tune/cost.h"
#include "tune/propose.h"
#include "tune/recall.h"

gnnac_status graph_input_props(struct graph_input *g, int n_threads,
                               const struct props **out, gnnac_error *err)
{
    if (g->props.n == 0) {
        gnnac_status st = graph_stats(g->full, n_threads, &g->props, err);
        if (st == GNNAC_OK)
            st = community_props(g->full, "rabbit", n_threads, &g->props, NULL,
                                 err);
        if (st != GNNAC_OK)
            return st;
    }
    *out = &g->props;
    return GNNAC_OK;
}

void selection_finish(struct selection *s)
{
    for (size_t i = 0; i < s->n_variants; i++)
        variant_finish(&s->variants[i]);
    for (int32_t i = 0; i < MAX_STEPS; i++) {
        free(s->decisions[i]);
        free(s->asked[i]);
        contest_finish(&s->contests[i]);
    }
    free(s->variants);
    *s = (struct selection){0};
}

// ---- variants ---------------------------------------------------------------

static int32_t find_variant(const struct selection *s, const char *name)
{
    for (size_t i = 0; i < s->n_variants; i++)
        if (strcmp(s->variants[i].kernel.name, name) == 0)
            return (int32_t)i;
    return -1;
}

gnnac_status selection_reserve(struct selection *s, size_t n, gnnac_error *err)
{
    if (s->capacity - s->n_variants >= n)
        return GNNAC_OK;
    struct variant *grown =
        realloc(s->variants, (s->n_variants + n) * sizeof(*grown));
    if (!grown)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    s->variants = grown;
    s->capacity = s->n_variants + n;
    return GNNAC_OK;
}

gnnac_status selection_add(struct selection *s, struct variant *v,
                           int32_t *out, gnnac_error *err)
{
    int32_t at = find_variant(s, v->kernel.name);
    if (at >= 0) {
        variant_finish(v);
        *out = at;
        return GNNAC_OK;
    }
    gnnac_status st = selection_reserve(s, 1, err);
    if (st != GNNAC_OK) {
        variant_finish(v);
        return st;
    }
    s->variants[s->n_variants] = *v;
    *v = (struct variant){0};
    *out = (int32_t)s->n_variants++;
    return GNNAC_OK;
}

// ---- the database -----------------------------------------------------------

static struct recall_key key_of(const struct selector *s,
                                const struct question *q)
{
    return (struct recall_key){s->graph->fingerprint, q->op.key};
}

bool question_is_to_time(const struct selector *s, const struct question *q)
{
    return s->wb->cuda && s->wb->request.timed && is_tuned_op(q->op.op);
}

// Whether a decision is taken as it is. Who tunes wants it timed: again, or
// where that was not done to the end.
static bool stands(const struct selector *s, const struct question *q,
                   int effort)
{
    bool tunes = s->wb->request.stop != NULL;
    return !tunes || !question_is_to_time(s, q) ||
           (effort >= EFFORT_RACE && !s->wb->request.again);
}

static gnnac_status recall_question(struct selector *s, struct question *q,
                                    gnnac_error *err)
{
    struct recall_key key = key_of(s, q);
    struct variant v;
    int effort;
    if (!recall(s->wb, &key, &v, &q->from, &effort) ||
        (variant_is_blas(&v) && !question_has_blas(q)))
        return GNNAC_OK; // who has no text has nothing to free either
    q->median_ns = v.median_ns;
    if (variant_is_blas(&v))
        v.kernel = variant_of_blas(&q->op.spec).kernel;
    v.kernel.heads = q->op.spec.heads; // older decisions do not say
    gnnac_status st = selection_add(s->sel, &v, &q->answer, err);
    q->recalled = st == GNNAC_OK && stands(s, q, effort);
    if (st == GNNAC_OK && !q->recalled)
        q->incumbent = q->answer;
    return st;
}

void question_remember(const struct selector *s, const struct question *q)
{
    struct recall_key key = key_of(s, q);
    remember_measurements(s->wb, &key, s->sel->variants, q->options,
                          q->n_options);
}

static int effort_of(const struct contest *c)
{
    if (c->n == 0)
        return EFFORT_RULES;
    return c->stopped || c->noisy ? EFFORT_PROBE : EFFORT_RACE;
}

static bool was_stopped(const struct selector *s, const struct question *q)
{
    const struct contest *c = &s->sel->contests[q->step];
    bool (*stop)(void) = s->wb->request.stop;
    if (q->recalled || q->others || !question_is_to_time(s, q))
        return false;
    return c->n ? c->stopped : stop && stop();
}

// What was to be timed and was not, as somebody stopped it, is not decided.
static void remember_all(const struct selector *s)
{
    for (size_t i = 0; i < s->n_questions; i++) {
        const struct question *q = &s->questions[i];
        const struct contest *c = &s->sel->contests[q->step];
        struct recall_key key = key_of(s, q);
        bool unfinished = was_stopped(s, q);
        s->sel->report.n_unfinished += unfinished;
        if (q->recalled || q->others || (unfinished && c->n == 0))
            continue;
        remember(s->wb, &key, &s->sel->variants[q->answer], &q->from,
                 q->median_ns, effort_of(c));
        if (c->n == 0)
            question_remember(s, q);
    }
}

// ---- propose ----------------------------------------------------------------

static gnnac_status ask_for_candidates(struct selector *s,
                                       const struct question *q,
                                       struct decision *d, gnnac_error *err)
{
    const struct props *graph = NULL;
    if (propose_asks_rules(s->wb)) {
        gnnac_status st = graph_input_props(
            s->graph, s->wb->request.n_threads, &graph, err);
        if (st != GNNAC_OK)
            return st;
    }
    return propose(s->wb, &q->op, graph, d, err);
}

// Emit one candidate as a variant. A point that the template refuses for this
// spec is dropped: *out stays -1 and the reason is kept in *why.
static gnnac_status emit_candidate(struct selector *s, struct question *q,
                                   const struct candidate *c, int32_t *out,
                                   gnnac_error *why, gnnac_error *err)
{
    struct emitted e = {0};
    gnnac_error mine = {{0}};
    *out = -1;
    gnnac_status st = tmpl_emit(s->wb->catalog, c, &q->op.spec, &e, &mine);
    if (st == GNNAC_EUNSUPPORTED) {
        gnnac__set_error(why, "%s", mine.msg);
        return GNNAC_OK;
    }
    if (st != GNNAC_OK)
        return FAIL(err, st, "%s", mine.msg);
    struct variant v = {.kernel = e.kernel, .status = "ok", .cost = NAN,
                        .median_ns = NAN, .p20_ns = NAN, .p80_ns = NAN,
                        .max_error = NAN, .registers = -1, .spill_bytes = -1};
    v.source = e.source;
    candidate_text(c, v.knobs, sizeof(v.knobs));
    s->sel->report.n_emitted++;
    st = selection_add(s->sel, &v, out, err);
    const struct props *graph = &s->graph->props;
    if (st == GNNAC_OK && graph->n)
        s->sel->variants[*out].cost =
            cost_estimate(c, &q->op.spec, graph, &s->wb->device);
    return st;
}

void question_take(struct question *q, int32_t variant,
                   const struct candidate *c)
{
    for (size_t i = 0; i < q->n_options; i++)
        if (q->options[i] == variant)
            return;
    if (q->n_options == MAX_CANDIDATES)
        return;
    struct origin *o = &q->origins[q->n_options];
    snprintf(o->rule, sizeof(o->rule), "%s", c->rule);
    snprintf(o->why, sizeof(o->why), "%s", c->why);
    snprintf(o->where, sizeof(o->where), "%s", c->where);
    q->options[q->n_options++] = variant;
}

gnnac_status question_add(struct selector *s, struct question *q,
                          const struct candidate *c, int32_t *out,
                          gnnac_error *why, gnnac_error *err)
{
    gnnac_status st = emit_candidate(s, q, c, out, why, err);
    if (st == GNNAC_OK && *out >= 0)
        question_take(q, *out, c);
    return st;
}

static gnnac_status add_all(struct selector *s, struct question *q,
                            const struct decision *d, gnnac_error *why,
                            gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    int32_t at;
    for (size_t i = 0; st == GNNAC_OK && i < d->n_candidates; i++)
        st = question_add(s, q, &d->candidates[i], &at, why, err);
    return st;
}

static gnnac_status emit_all(struct selector *s, struct question *q,
                             const struct decision *d, gnnac_error *err)
{
    gnnac_error why = {{0}};
    q->origins = calloc(MAX_CANDIDATES, sizeof(*q->origins));
    if (!q->origins)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    gnnac_status st = q->space.n ? question_add_seeds(s, q, d, &why, err)
                                 : add_all(s, q, d, &why, err);
    if (st == GNNAC_OK && q->n_options == 0)
        st = FAIL(err, GNNAC_ENOENT, "no candidate fits step %d (%s): %s",
                  (int)q->step, q->op.op, why.msg);
    return st;
}

// A decision has no room for all of a large space.
static gnnac_status ask_for_space(struct selector *s, struct question *q,
                                  struct decision *d, gnnac_error *err)
{
    struct space space = {0};
    const struct point_watcher all = space_watcher(&space);
    ruleset_watch_points(s->wb->rules, &all);
    gnnac_status st = ask_for_candidates(s, q, d, err);
    ruleset_watch_points(s->wb->rules, NULL);
    if (st == GNNAC_OK)
        st = space_end(&space, err);
    s->sel->n_points[q->step] = space.n;
    if (st == GNNAC_OK && question_is_to_search(s, q, &space))
        q->space = space;
    else
        space_finish(&space);
    return st;
}

// The best rule's template must not lose because of what it is asked besides.
static gnnac_status check_tails(const struct question *q,
                                const struct decision *d, gnnac_error *err)
{
    const struct family *first =
        d->n_candidates ? d->candidates[0].family : NULL;
    if (spec_goes_on(&q->op.spec) && first && !first->tails)
        return FAIL(err, GNNAC_ENOENT, "%s knows no tails", first->name);
    return GNNAC_OK;
}

static gnnac_status collect_options(struct selector *s, struct question *q,
                                    gnnac_error *err)
{
    struct decision *d = calloc(1, sizeof(*d));
    if (!d)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    gnnac_status st = ask_for_space(s, q, d, err);
    if (st == GNNAC_OK)
        st = check_tails(q, d, err);
    if (st == GNNAC_OK)
        st = emit_all(s, q, d, err);
    if (st == GNNAC_OK)
        st = question_add_blas(s, q, err);
    if (st == GNNAC_OK && s->wb->request.explain)
        s->sel->decisions[q->step] = d; // now the selection's
    else
        free(d);
    return st;
}

// ---- the choice -------------------------------------------------------------

static gnnac_status keep_question(struct selector *s, const struct question *q,
                                  gnnac_error *err)
{
    struct opspec *op = malloc(sizeof(*op));
    if (!op)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    *op = q->op;
    s->sel->asked[q->step] = op;
    return GNNAC_OK;
}

static gnnac_status record_choice(struct selector *s, const struct question *q,
                                  gnnac_error *err)
{
    const struct variant *v = &s->sel->variants[q->answer];
    struct choice *c = &s->sel->choices[q->step];
    s->sel->chosen[q->step] = q->answer;
    *c = (struct choice){.step = q->step, .median_ns = q->median_ns};
    snprintf(c->rule, sizeof(c->rule), "%s", q->from.rule);
    snprintf(c->why, sizeof(c->why), "%s", q->from.why);
    snprintf(c->where, sizeof(c->where), "%s", q->from.where);
    snprintf(c->level, sizeof(c->level), "%s", question_level(s, q));
    snprintf(c->knobs, sizeof(c->knobs), "%s", v->knobs);
    return s->wb->request.explain ? keep_question(s, q, err) : GNNAC_OK;
}

// ---- the whole --------------------------------------------------------------

// Of the knobs of a whole model, all of them, however they were written: the
// other questions are the same with them.
static gnnac_status name_knobs(const struct selector *s, struct question *q,
                               gnnac_error *err)
{
    struct candidate c;
    char knobs[256], hex[33];
    size_t n = strlen(q->op.key);
    if (!s->wb->request.whole_knobs || !q->op.spec.whole)
        return GNNAC_OK;
    gnnac_status st = propose_whole_knobs(s->wb, &c, err);
    if (st != GNNAC_OK)
        return st;
    candidate_text(&c, knobs, sizeof(knobs));
    hash_hex(knobs, strlen(knobs), hex);
    if ((size_t)snprintf(q->op.key + n, sizeof(q->op.key) - n, " knobs=%s",
                         hex) >= sizeof(q->op.key) - n)
        return FAIL(err, GNNAC_EINTERNAL, "a question's key is too long: %s",
                    q->op.key);
    return GNNAC_OK;
}

gnnac_status question_prepare(struct selector *s, struct question *q,
                              gnnac_error *err)
{
    q->incumbent = -1;
    question_name_blas(s, q);
    gnnac_status st = name_knobs(s, q, err);
    if (st == GNNAC_OK)
        st = recall_question(s, q, err);
    return st == GNNAC_OK && (!q->recalled || s->wb->request.explain)
               ? collect_options(s, q, err)
               : st;
}

// Where nothing can do a step together with the next one, each is asked about.
static gnnac_status ask_apart(struct selector *s, const struct model *m,
                              struct program *p, struct question *q,
                              gnnac_error *err)
{
    const struct csr *g = s->graph->stored;
    int32_t step = q->step;
    p->steps[step + 1].fused = false;
    free(q->origins);
    space_finish(&q->space);
    *q = (struct question){.step = step};
    opspec_of_step(m, p, &p->steps[step], g->n_nodes, g->n_edges, &q->op);
    return question_prepare(s, q, err);
}

static gnnac_status ask(struct selector *s, const struct model *m,
                        struct program *p, gnnac_error *err)
{
    const struct csr *g = s->graph->stored;
    s->questions = calloc_array(p->n_steps, sizeof(*s->questions));
    if (!s->questions)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    for (int32_t i = 0; i < p->n_steps; i++) {
        struct question *q = &s->questions[s->n_questions];
        s->sel->chosen[i] = -1;
        s->sel->contests[i].winner = -1;
        if (p->steps[i].kernel >= 0 || // it has been answered
            !opspec_of_step(m, p, &p->steps[i], g->n_nodes, g->n_edges, &q->op))
            continue;
        q->step = i;
        s->n_questions++;
        gnnac_error mine = {{0}};
        gnnac_status st = question_prepare(s, q, &mine);
        if (st == GNNAC_ENOENT && step_tail(p, &p->steps[i])) {
            mine = (gnnac_error){{0}};
            st = ask_apart(s, m, p, q, &mine);
        }
        if (st != GNNAC_OK)
            return FAIL(err, st, "%s", mine.msg);
    }
    return GNNAC_OK;
}

static gnnac_status answer(struct selector *s, struct question *q,
                           gnnac_error *err)
{
    s->sel->report.n_steps++;
    s->sel->report.n_recalled += q->recalled;
    gnnac_status st = q->recalled ? GNNAC_OK : question_decide(s, q, err);
    // Where all failed, that is what there is to remember.
    if (st != GNNAC_OK && !q->others && s->sel->contests[q->step].n == 0)
        question_remember(s, q);
    return st;
}

gnnac_status questions_answer(struct selector *s, size_t first,
                              gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    for (size_t i = first; i < s->n_questions && st == GNNAC_OK; i++)
        st = answer(s, &s->questions[i], err);
    return st;
}

static void selector_finish(struct selector *s)
{
    for (size_t i = 0; i < s->n_questions; i++) {
        free(s->questions[i].origins);
        space_finish(&s->questions[i].space);
    }
    free(s->questions);
}

gnnac_status select_kernels(struct workbench *wb, const struct model *m,
                            struct program *p, struct graph_input *g,
                            struct selection *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct selection *sel = calloc(1, sizeof(*sel));
    struct selector s = {.wb = wb, .graph = g, .sel = sel};
    if (!sel)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");

    TRY(ask(&s, m, p, err));
    questions_deal_out(&s);
    TRY(selector_build_needed(&s, err));
    TRY(questions_time(&s, err));
    TRY(questions_answer(&s, 0, err));
    TRY(questions_leave_to_blas(&s, m, p, err));
    for (size_t i = 0; i < s.n_questions; i++)
        TRY(record_choice(&s, &s.questions[i], err));
    if (!wb->request.explain) {
        TRY(build_rest(wb, sel, p->n_steps, err));
        remember_all(&s);
    }
    sel->n_steps = p->n_steps;
    *out = *sel;
    *sel = (struct selection){0};

out:
    selection_finish(sel);
    free(sel);
    selector_finish(&s);
    return st;
}
