#include "workshop/separate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/doubles.h"
#include "plan/schema.h"

bool cut_is_above(const struct cut *c, const struct workload *w)
{
    return workload_number(w, c->name) > c->threshold;
}

// ---- properties -------------------------------------------------------------

// Of a layer an aggregation sees its width alone; the rest says where it stands
// in some model.
static bool can_be_cut(const struct prop *e)
{
    static const char *const names_only[] = {"layer.index", "layer.in_dim",
                                             "layer.out_dim"};
    for (size_t i = 0; i < sizeof(names_only) / sizeof(names_only[0]); i++)
        if (strcmp(e->name, names_only[i]) == 0)
            return false;
    return e->type != PROP_TEXT;
}

const char *property_to_cut(size_t i)
{
    const struct prop *e;
    for (size_t at = 0; (e = schema_at(at)); at++)
        if (can_be_cut(e) && i-- == 0)
            return e->name;
    return NULL;
}

size_t distinct_values(const char *name, const struct workload *const *w,
                       size_t n, double *values)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        values[i] = workload_number(w[i], name);
        if (!isfinite(values[i]))
            return 0; // where it is not known, it cannot decide
    }
    sort_doubles(values, n);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || values[i] != values[kept - 1])
            values[kept++] = values[i];
    return kept;
}

double plain_between(double low, double high)
{
    char text[32];
    double middle = low + (high - low) / 2;
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, middle);
        double v = strtod(text, NULL);
        if (low <= v && v < high)
            return v;
    }
    return low;
}

// ---- separation -------------------------------------------------------------

struct mix {
    const struct workload *const *w;
    const bool *marked;
    size_t n, n_marked;
};

static double share(size_t part, size_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

static double score(const struct mix *m, const struct separation *s)
{
    return share(s->n_marked, m->n_marked) -
           share(s->n_others, m->n - m->n_marked);
}

static struct separation side_of(const struct mix *m, const struct cut *cut,
                                 bool above)
{
    struct separation s = {.cut = *cut, .above = above};
    for (size_t i = 0; i < m->n; i++) {
        if (cut_is_above(cut, m->w[i]) != above)
            continue;
        s.n_marked += m->marked[i];
        s.n_others += !m->marked[i];
    }
    return s;
}

// Sides of the cut at the `i`-th gap of `values`: the better one, if better
// than *best.
static void try_gap(const struct mix *m, const char *name, const double *values,
                    size_t i, struct separation *best)
{
    const struct cut cut = {name, plain_between(values[i], values[i + 1])};
    for (int above = 0; above < 2; above++) {
        struct separation s = side_of(m, &cut, above);
        if (score(m, &s) > score(m, best))
            *best = s;
    }
}

static void insert(const struct mix *m, const struct separation *s,
                   struct separation *out, size_t *n, size_t max)
{
    size_t at = *n < max ? (*n)++ : max - 1;
    if (at == max - 1 && *n == max && out[at].cut.name &&
        score(m, s) <= score(m, &out[at]))
        return;
    while (at > 0 && score(m, s) > score(m, &out[at - 1])) {
        out[at] = out[at - 1];
        at--;
    }
    out[at] = *s;
}

size_t separate(const struct workload *const *w, const bool *marked, size_t n,
                struct separation *out, size_t max, gnnac_status *st)
{
    struct mix m = {w, marked, n, 0};
    size_t found = 0;
    const char *name;
    double *values = calloc(n + 1, sizeof(*values));
    *st = values ? GNNAC_OK : GNNAC_ENOMEM;
    for (size_t i = 0; i < n; i++)
        m.n_marked += marked[i];
    memset(out, 0, max * sizeof(*out));
    for (size_t i = 0; values && (name = property_to_cut(i)); i++) {
        struct separation best = {.cut.name = NULL};
        size_t n_values = distinct_values(name, w, n, values);
        for (size_t v = 0; v + 1 < n_values; v++)
            try_gap(&m, name, values, v, &best);
        if (best.cut.name)
            insert(&m, &best, out, &found, max);
    }
    free(values);
    return found;
}
