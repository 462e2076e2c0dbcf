#include "order/reorder_auto.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "graph/locality.h"
#include "graph/text.h"
#include "order/graph_ball.h"
#include "order/orders.h"
#include "order/row_misses.h"
#include "order/simple_graph.h"

// What computing an order takes, simple_graph included, and applying it.
struct rate {
    double ns_per_node, ns_per_entry;
};

// What is known of the orders from the shared graphs; README.md says how it was
// found. `usual`, `least`: of the rows above the floor, those that an order
// leaves by those that Rabbit Order leaves, median and least. `of_given`: the
// least by those of the given order, where an order knows degrees alone.
// `better`: how often it beats Rabbit Order.
struct habit {
    const char *name;
    struct rate rate;
    double usual, least, of_given, better;
};

static const struct habit habits[] = {
    {"rabbit", {80, 10}, 1.0, 1.0, 0, 1},
    {"rcm", {50, 10}, 2.0, 1.1, 0, 0.1},
    {"degree", {7, 4}, 3.1, 1.2, 0.7, 0.05},
    {"dbg", {7, 4}, 2.7, 1.1, 0.7, 0.05},
    {"hub", {7, 4}, 2.9, 1.1, 0.7, 0.05},
    {"community", {80, 10}, 1.4, 0.95, 0, 0.05},
    {"window", {0, 100}, 1.4, 0.85, 0, 0.1},
};
enum { N_HABITS = sizeof(habits) / sizeof(habits[0]), RABBIT = 0 };

// To renumber the graph and to measure what that brought.
static const struct rate apply = {25, 11};
// Of that machine: what a row costs that no cache holds.
static const double usual_bytes_per_s = 10e9;
// Of what a shuffled graph fetches above the floor, what Rabbit Order usually
// leaves; median of the shared graphs.
static const double rabbit_share = 0.25;
// An order that saves less is as good as the given one, and that is there
// already.
static const double least_saving = 0.045;

// Where a sample is much cheaper than the order itself.
static const int64_t sample_from_entries = 1 << 22;
enum { SAMPLE_NODES = 1 << 15, SAMPLE_ENTRIES = 1 << 20, SAMPLE_PART = 16 };
// By entries, the least that orders must be able to change in a sample, else it
// fits the caches and says nothing.
static const double least_open = 0.05;

void reorder_choice_finish(struct reorder_choice *c)
{
    free(c->perm);
    *c = (struct reorder_choice){0};
}

struct search {
    const struct csr *g;
    const struct reorder_request *rq;
    struct reorder_choice *c;
    struct csr owned, simple; // simple_graph_of g, once an order was computed
    double best;        // misses of c->method
    double low, likely; // Rabbit Order's share, as far as is known
    bool tried[N_HABITS];
};

// ---- rows -------------------------------------------------------------------

static double cost_of(const struct search *s, const struct habit *h)
{
    const struct reorder_request *rq = s->rq;
    double columns = rq->columns > 0 ? (double)rq->columns : REORDER_COLUMNS;
    double bytes = rq->bytes_per_s > 0 ? rq->bytes_per_s : usual_bytes_per_s;
    double ns =
        (double)s->g->n_nodes * (h->rate.ns_per_node + apply.ns_per_node) +
        (double)s->g->n_edges * (h->rate.ns_per_entry + apply.ns_per_entry);
    return ns * 1e-9 * bytes / (4 * columns);
}

// What an order with so many misses brings in all runs, without its cost.
static double gain_of(const struct search *s, double misses)
{
    double per_run = s->c->given - misses - s->rq->rows_moved;
    return per_run * (double)s->rq->runs;
}

static double gain_so_far(const struct search *s)
{
    return s->c->perm ? gain_of(s, s->best) : 0;
}

static double misses_at(const struct search *s, double share)
{
    double worst = fmax(s->c->shuffled, s->c->given);
    return s->c->floor + share * (worst - s->c->floor);
}

static void predict(const struct search *s, const struct habit *h,
                    struct reorder_estimate *e)
{
    const struct reorder_choice *c = s->c;
    double least = misses_at(s, fmin(1, h->least * s->low));
    double kept = c->floor + h->of_given * (c->given - c->floor);
    *e = (struct reorder_estimate){
        .method = h->name,
        .misses = fmax(misses_at(s, fmin(1, h->usual * s->likely)), kept),
        .least = fmax(least, kept),
        .cost = cost_of(s, h)};
}

// Is what it may bring at best worth the cost? Once Rabbit Order is known, that
// counts as often as the other one is better.
static bool may_pay(const struct search *s, const struct habit *h,
                    const struct reorder_estimate *e)
{
    double chance = s->tried[RABBIT] ? h->better : 1;
    return s->best - e->least > least_saving * s->c->given &&
           chance * (gain_of(s, e->least) - gain_so_far(s)) > e->cost;
}

// ---- trying -----------------------------------------------------------------

static gnnac_status compute(struct search *s, const char *method, int32_t *perm,
                            gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    if (!s->simple.rowptr)
        st = simple_graph_of(s->g, &s->owned, &s->simple, err);
    return st == GNNAC_OK ? order_compute_simple(&s->simple, method,
                                                 s->rq->n_threads, perm, err)
                          : st;
}

static gnnac_status measure(const struct csr *g, const int32_t *perm,
                            double *misses, gnnac_error *err)
{
    struct csr renumbered = {0};
    gnnac_status st = csr_permute(g, perm, &renumbered, err);
    if (st == GNNAC_OK)
        st = row_misses_measure(&renumbered, misses, err);
    csr_finish(&renumbered);
    return st;
}

static void learn_share(struct search *s, double misses)
{
    double worst = fmax(s->c->shuffled, s->c->given) - s->c->floor;
    s->likely = worst > 0 ? (misses - s->c->floor) / worst : 0;
    s->low = s->likely;
}

// Takes `perm`. It must pay by itself; among orders that do, all are computed
// already, so that only what they bring counts.
static void keep_if_better(struct search *s, const struct reorder_estimate *e,
                           int32_t *perm)
{
    double needed = least_saving * s->c->given;
    if (e->misses < s->best && s->c->given - e->misses > needed &&
        gain_of(s, e->misses) > e->cost) {
        free(s->c->perm);
        s->c->perm = perm;
        s->c->method = e->method;
        s->best = e->misses;
    } else {
        free(perm);
    }
}

static gnnac_status try_order(struct search *s, int i,
                              const struct reorder_estimate *e,
                              gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct reorder_estimate found = *e;
    int32_t *perm = alloc_array(s->g->n_nodes, sizeof(*perm));
    if (!perm) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory for the order");
        goto out;
    }
    TRY(compute(s, e->method, perm, err));
    TRY(measure(s->g, perm, &found.misses, err));
    found.computed = true;
    s->tried[i] = true;
    s->c->estimates[s->c->n_estimates++] = found;
    if (i == RABBIT)
        learn_share(s, found.misses);
    keep_if_better(s, &found, perm);
    perm = NULL;
out:
    free(perm);
    return st;
}

// The order that promises most of those that may pay; -1: none.
static int most_promising(const struct search *s, struct reorder_estimate *out)
{
    int best = -1;
    double most = 0;
    for (int i = 0; i < N_HABITS; i++) {
        struct reorder_estimate e;
        if (s->tried[i])
            continue;
        predict(s, &habits[i], &e);
        double net = gain_of(s, e.misses) - e.cost;
        if (!may_pay(s, &habits[i], &e) || (best >= 0 && net <= most))
            continue;
        best = i;
        most = net;
        *out = e;
    }
    return best;
}

static void list_untried(struct search *s)
{
    for (int i = 0; i < N_HABITS; i++)
        if (!s->tried[i])
            predict(s, &habits[i], &s->c->estimates[s->c->n_estimates++]);
}

// ---- a sample ---------------------------------------------------------------

// Edges that leave the ball are the doubt: they may cost as little as those
// inside, or miss as in a shuffled graph.
static gnnac_status sample_ball(struct search *s, const struct graph_ball *b,
                                gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    double misses;
    struct row_misses_range range;
    int32_t *perm = alloc_array(b->g.n_nodes, sizeof(*perm));
    if (!perm)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    TRY(order_compute(&b->g, habits[RABBIT].name, s->rq->n_threads, perm, err));
    TRY(measure(&b->g, perm, &misses, err));
    TRY(row_misses_bound(&b->g, &range, err));
    double open = range.shuffled - range.floor;
    if (open > least_open * (double)b->g.n_edges) {
        double share = (misses - range.floor) / open;
        s->low = fmin(1, fmax(0, share));
        s->c->sample_low = s->low;
        s->c->sample_high = b->kept * s->low + 1 - b->kept;
        s->likely = (s->low + s->c->sample_high) / 2;
    }
out:
    free(perm);
    return st;
}

static gnnac_status sample(struct search *s, gnnac_error *err)
{
    struct graph_ball ball = {0};
    int64_t part = s->g->n_edges / SAMPLE_PART;
    gnnac_status st = graph_ball_cut(
        s->g, SAMPLE_NODES, part > SAMPLE_ENTRIES ? part : SAMPLE_ENTRIES,
        &ball, err);
    if (st == GNNAC_OK)
        st = sample_ball(s, &ball, err);
    graph_ball_finish(&ball);
    return st;
}

// ---- rules ------------------------------------------------------------------

static void explain_given(const struct search *s, char *out, size_t n_bytes)
{
    const struct reorder_choice *c = s->c;
    int n = snprintf(out, n_bytes,
                     "given order: %.0f rows fetched a pass, %.0f at least, "
                     "about %.0f if shuffled",
                     c->given, c->floor, c->shuffled);
    if (s->rq->rows_moved > 0)
        snprintf(out + n, n_bytes - (size_t)n,
                 "; another means to move %.0f a pass", s->rq->rows_moved);
}

static void explain(struct search *s)
{
    struct reorder_choice *c = s->c;
    const struct reorder_estimate *e = c->estimates;
    long long passes = s->rq->runs;
    char given[200];
    explain_given(s, given, sizeof(given));
    for (int i = 0; c->perm && i < c->n_estimates; i++)
        if (c->estimates[i].method == c->method)
            e = &c->estimates[i];
    if (c->perm)
        snprintf(c->why, sizeof(c->why),
                 "%s; %s: %.0f, and its cost of %.0f rows is back after %.0f "
                 "of %lld passes",
                 given, c->method, e->misses, e->cost,
                 ceil(e->cost / gain_of(s, e->misses) * (double)passes),
                 passes);
    else if (e->computed)
        snprintf(c->why, sizeof(c->why),
                 "%s; %s, most promising, has %.0f: too little for %lld passes",
                 given, e->method, e->misses, passes);
    else
        snprintf(c->why, sizeof(c->why), "%s; %lld passes cannot pay for it",
                 given, passes);
}

static gnnac_status choose_auto(struct search *s, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct reorder_choice *c = s->c;
    struct row_misses_range range;
    struct reorder_estimate e;
    TRY(row_misses_measure(s->g, &c->given, err));
    TRY(row_misses_bound(s->g, &range, err));
    c->floor = range.floor;
    c->shuffled = range.shuffled;
    s->best = c->given;
    predict(s, &habits[RABBIT], &e);
    if (s->g->n_edges >= sample_from_entries && may_pay(s, &habits[RABBIT], &e))
        TRY(sample(s, err));
    for (int i; (i = most_promising(s, &e)) >= 0;)
        TRY(try_order(s, i, &e, err));
    list_untried(s);
    explain(s);
out:
    return st;
}

static gnnac_status choose_gnnadvisor(struct search *s, gnnac_error *err)
{
    struct locality l;
    gnnac_status st = locality_measure(s->g, &l, err);
    if (st != GNNAC_OK)
        return st;
    double span = sqrt(l.avg_edge_span);
    double limit = sqrt((double)s->g->n_nodes) / 100;
    bool yes = span > limit;
    snprintf(s->c->why, sizeof(s->c->why),
             "GNNAdvisor's rule: square root of the mean edge span %.2f %s "
             "that of the nodes / 100, %.2f",
             span, yes ? "is above" : "is not above", limit);
    if (!yes)
        return GNNAC_OK;
    s->c->method = habits[RABBIT].name;
    s->c->perm = alloc_array(s->g->n_nodes, sizeof(*s->c->perm));
    if (!s->c->perm)
        return FAIL(err, GNNAC_ENOMEM, "out of memory for the order");
    return compute(s, s->c->method, s->c->perm, err);
}

const char *const reorder_rules[] = {"auto", "gnnadvisor", NULL};

static gnnac_status (*const choose_by[])(struct search *s, gnnac_error *err) = {
    choose_auto, choose_gnnadvisor};

// The end of the list where there is no such rule.
static int find_rule(const char *rule)
{
    int i = 0;
    while (reorder_rules[i] && strcmp(reorder_rules[i], rule) != 0)
        i++;
    return i;
}

bool reorder_is_rule(const char *rule)
{
    return reorder_rules[find_rule(rule)] != NULL;
}

gnnac_status reorder_check(const char *order, gnnac_error *err)
{
    bool known = path_has_suffix(order, ".npy") || reorder_is_rule(order) ||
                 order_find(order, err);
    return known ? GNNAC_OK : GNNAC_EUSAGE;
}

gnnac_status reorder_choose(const struct csr *g,
                            const struct reorder_request *rq,
                            struct reorder_choice *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    int rule = rq->rule ? find_rule(rq->rule) : 0;
    struct reorder_choice c = {.method = "none", .sample_high = 1};
    struct search s = {.g = g, .rq = rq, .c = &c, .likely = rabbit_share};
    if (!reorder_rules[rule])
        return FAIL(err, GNNAC_EUSAGE, "no rule '%s' for an order", rq->rule);
    TRY(choose_by[rule](&s, err));
    *out = c;
    c.perm = NULL;
out:
    csr_finish(&s.owned);
    free(c.perm);
    return st;
}

void reorder_estimate_text(const struct reorder_estimate *e, char *out,
                           size_t n_bytes)
{
    snprintf(out, n_bytes,
             "%-10s %s %.0f rows a pass (%.0f at least), %.0f to "
             "compute",
             e->method, e->computed ? "measured" : "expected", e->misses,
             e->least, e->cost);
}
