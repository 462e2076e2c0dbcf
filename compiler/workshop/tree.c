#include "workshop/tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_WORKLOADS = 4, MIN_GRAPHS = 2, MAX_FOLDS = 10 };
static const double min_gain = 0.002; // of the mean log loss of all
static const double enough_alike = 0.001;

// ---- one node ---------------------------------------------------------------

// The smallest sum; the first of equals.
static size_t least(const double *sums, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (sums[i] < sums[best])
            best = i;
    return best;
}

static void add_row(const struct lesson *l, size_t member, double sign,
                    double *sums)
{
    for (size_t k = 0; k < l->n_points; k++)
        sums[k] += sign * lesson_loss(l, member, k);
}

static void sum_members(const struct lesson *l, const struct tree_node *node,
                        double *sums)
{
    memset(sums, 0, l->n_points * sizeof(*sums));
    for (size_t i = 0; i < node->n; i++)
        add_row(l, node->members[i], 1, sums);
}

// ---- cuts -------------------------------------------------------------------

// Room for one search, reused.
struct search {
    const struct lesson *l;
    const struct tree_node *node;
    double *whole, *low, *high; // sums by point
    double *values;
    const struct workload **w;
    struct ranked {
        double value;
        size_t member;
    } * order;
    struct cut best;
    double best_gain;
};

static void search_finish(struct search *s)
{
    free(s->whole);
    free(s->low);
    free(s->high);
    free(s->values);
    free(s->w);
    free(s->order);
}

static bool search_open(const struct lesson *l, struct search *s)
{
    *s = (struct search){
        .l = l,
        .whole = calloc(l->n_points + 1, sizeof(double)),
        .low = calloc(l->n_points + 1, sizeof(double)),
        .high = calloc(l->n_points + 1, sizeof(double)),
        .values = calloc(l->n + 1, sizeof(double)),
        .w = calloc(l->n + 1, sizeof(*s->w)),
        .order = calloc(l->n + 1, sizeof(*s->order)),
    };
    return s->whole && s->low && s->high && s->values && s->w && s->order;
}

static int by_value(const void *pa, const void *pb)
{
    const struct ranked *a = pa, *b = pb;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return (a->member > b->member) - (a->member < b->member);
}

static size_t graphs_between(const struct search *s, size_t begin, size_t end)
{
    size_t graphs = 0;
    for (size_t i = begin; i < end; i++) {
        size_t k = begin;
        while (k < i && s->l->w[s->order[k].member]->graph !=
                            s->l->w[s->order[i].member]->graph)
            k++;
        graphs += k == i;
        if (graphs >= MIN_GRAPHS)
            break;
    }
    return graphs;
}

static bool both_sides_suffice(const struct search *s, size_t at)
{
    size_t n = s->node->n;
    return at >= MIN_WORKLOADS && n - at >= MIN_WORKLOADS &&
           graphs_between(s, 0, at) >= MIN_GRAPHS &&
           graphs_between(s, at, n) >= MIN_GRAPHS;
}

// Along one property: what each cut saves.
static void try_property(struct search *s, const char *name)
{
    const struct lesson *l = s->l;
    size_t n = s->node->n;
    for (size_t i = 0; i < n; i++) {
        double v = workload_number(s->w[i], name);
        if (!isfinite(v))
            return;
        s->order[i] = (struct ranked){v, s->node->members[i]};
    }
    qsort(s->order, n, sizeof(*s->order), by_value);
    memset(s->low, 0, l->n_points * sizeof(*s->low));
    memcpy(s->high, s->whole, l->n_points * sizeof(*s->high));
    double now = s->whole[least(s->whole, l->n_points)];
    for (size_t i = 1; i < n; i++) {
        add_row(l, s->order[i - 1].member, 1, s->low);
        add_row(l, s->order[i - 1].member, -1, s->high);
        if (s->order[i - 1].value == s->order[i].value)
            continue;
        double gain = now - s->low[least(s->low, l->n_points)] -
                      s->high[least(s->high, l->n_points)];
        if (gain <= s->best_gain + 1e-9 || !both_sides_suffice(s, i))
            continue;
        s->best_gain = gain;
        s->best = (struct cut){
            name, plain_between(s->order[i - 1].value, s->order[i].value)};
    }
}

// The best cut of the node; its gain is 0 where there is none.
static void find_cut(struct search *s, const struct tree_node *node)
{
    const char *name;
    s->node = node;
    s->best_gain = 0;
    s->best.name = NULL;
    sum_members(s->l, node, s->whole);
    for (size_t i = 0; i < node->n; i++)
        s->w[i] = s->l->w[node->members[i]];
    for (size_t i = 0; (name = property_to_cut(i)); i++)
        try_property(s, name);
}

// ---- growth -----------------------------------------------------------------

static bool add_child(struct tree *t, struct search *s, int parent, bool above)
{
    struct tree_node *p = &t->nodes[parent];
    struct tree_node *c = &t->nodes[t->n_nodes];
    *c = (struct tree_node){.members = calloc(p->n + 1, sizeof(*c->members))};
    if (!c->members)
        return false;
    for (size_t i = 0; i < p->n; i++)
        if (cut_is_above(&p->cut, s->l->w[p->members[i]]) == above)
            c->members[c->n++] = p->members[i];
    sum_members(s->l, c, s->low);
    c->point = least(s->low, s->l->n_points);
    *(above ? &p->above : &p->below) = (int)t->n_nodes++;
    return true;
}

static gnnac_status grow(struct tree *t, struct search *s)
{
    size_t n = t->nodes[0].n;
    for (t->n_leaves = 1; t->n_leaves < MAX_LEAVES; t->n_leaves++) {
        struct cut best = {0};
        double best_gain = min_gain * (double)n;
        int at = -1;
        for (size_t i = 0; i < t->n_nodes; i++) {
            if (t->nodes[i].above)
                continue;
            find_cut(s, &t->nodes[i]);
            if (s->best_gain <= best_gain)
                continue;
            best = s->best;
            best_gain = s->best_gain;
            at = (int)i;
        }
        if (at < 0)
            break;
        t->nodes[at].cut = best;
        t->nodes[at].born = t->n_leaves;
        if (!add_child(t, s, at, false) || !add_child(t, s, at, true))
            return GNNAC_ENOMEM;
    }
    return GNNAC_OK;
}

gnnac_status tree_grow(const struct lesson *l, const bool *keep,
                       struct tree *out, gnnac_error *err)
{
    struct search s;
    struct tree t = {.n_nodes = 1};
    struct tree_node *root = &t.nodes[0];
    root->members = calloc(l->n + 1, sizeof(*root->members));
    gnnac_status st =
        search_open(l, &s) && root->members ? GNNAC_OK : GNNAC_ENOMEM;
    for (size_t i = 0; st == GNNAC_OK && i < l->n; i++)
        if (!keep || keep[i])
            root->members[root->n++] = i;
    if (st == GNNAC_OK && l->n_points) {
        sum_members(l, root, s.low);
        root->point = least(s.low, l->n_points);
        st = grow(&t, &s);
    }
    search_finish(&s);
    if (st == GNNAC_OK) {
        *out = t;
        return GNNAC_OK;
    }
    tree_finish(&t);
    return FAIL(err, st, "out of memory");
}

void tree_finish(struct tree *t)
{
    for (size_t i = 0; i < t->n_nodes; i++)
        free(t->nodes[i].members);
    *t = (struct tree){0};
}

// ---- use --------------------------------------------------------------------

bool tree_is_leaf(const struct tree *t, size_t n_leaves, size_t i)
{
    return t->nodes[i].born == 0 || t->nodes[i].born >= n_leaves;
}

const struct tree_node *tree_find(const struct tree *t, size_t n_leaves,
                                  const struct workload *w)
{
    size_t at = 0;
    while (!tree_is_leaf(t, n_leaves, at))
        at = (size_t)(cut_is_above(&t->nodes[at].cut, w) ? t->nodes[at].above
                                                         : t->nodes[at].below);
    return &t->nodes[at];
}

double tree_loss(const struct tree *t, size_t n_leaves, const struct lesson *l,
                 const bool *keep, bool wanted)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (keep && keep[i] != wanted)
            continue;
        sum += lesson_loss(l, i, tree_find(t, n_leaves, l->w[i])->point);
        n++;
    }
    return n ? sum / (double)n : 0;
}

// ---- cross-validation -------------------------------------------------------

// Every graph goes into one of the groups, in turn.
static size_t n_groups(const struct lesson *l)
{
    return l->n_graphs < MAX_FOLDS ? l->n_graphs : MAX_FOLDS;
}

static size_t leave_out(const struct lesson *l, size_t fold, bool *keep)
{
    size_t graph = 0, left_out = 0;
    for (size_t i = 0; i < l->n; i++) {
        graph += i > 0 && l->w[i]->graph != l->w[i - 1]->graph;
        keep[i] = graph % n_groups(l) != fold;
        left_out += !keep[i];
    }
    return left_out;
}

gnnac_status tree_cross_validate(const struct lesson *l,
                                 double losses[MAX_LEAVES], gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    bool *keep = calloc(l->n + 1, sizeof(*keep));
    if (!keep)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    memset(losses, 0, MAX_LEAVES * sizeof(*losses));
    for (size_t fold = 0; fold < n_groups(l) && st == GNNAC_OK; fold++) {
        struct tree t = {0};
        double weight = (double)leave_out(l, fold, keep) / (double)l->n;
        st = tree_grow(l, keep, &t, err);
        for (size_t k = 0; st == GNNAC_OK && k < MAX_LEAVES; k++)
            losses[k] += weight * tree_loss(&t, k + 1, l, keep, false);
        tree_finish(&t);
    }
    free(keep);
    return st;
}

size_t tree_fewest_leaves(const double losses[MAX_LEAVES])
{
    double least_loss = losses[0];
    for (size_t k = 1; k < MAX_LEAVES; k++)
        least_loss = fmin(least_loss, losses[k]);
    size_t k = 0;
    while (losses[k] > least_loss + enough_alike)
        k++;
    return k + 1;
}
