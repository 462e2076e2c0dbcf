#include "tune/space.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"

void space_finish(struct space *s)
{
    free(s->points);
    free(s->proposers);
    free(s->origins);
    *s = (struct space){0};
}

// ---- filling it -------------------------------------------------------------

static bool grow(struct space *s)
{
    size_t capacity = s->capacity ? 2 * s->capacity : 1024;
    if (s->n < s->capacity)
        return true;
    struct search_point *points =
        realloc(s->points, capacity * sizeof(*points));
    if (points)
        s->points = points;
    size_t *proposers = realloc(s->proposers, capacity * sizeof(*proposers));
    if (proposers)
        s->proposers = proposers;
    if (!points || !proposers)
        return false;
    s->capacity = capacity;
    return true;
}

// A rule's points come one behind the other.
static bool find_origin(struct space *s, const struct rule_trace *t)
{
    size_t last = s->n_origins - 1;
    if (s->n_origins && strcmp(s->origins[last].rule, t->rule) == 0)
        return true;
    struct origin *grown =
        realloc(s->origins, (s->n_origins + 1) * sizeof(*grown));
    if (!grown)
        return false;
    s->origins = grown;
    struct origin *o = &grown[s->n_origins++];
    snprintf(o->rule, sizeof(o->rule), "%s", t->rule);
    snprintf(o->why, sizeof(o->why), "%s", t->why);
    snprintf(o->where, sizeof(o->where), "%s", t->where);
    return true;
}

static void add_point(void *context, const struct rule_trace *t,
                      const struct candidate *c, enum point_fate fate)
{
    struct space *s = context;
    if (fate != POINT_TAKEN && fate != POINT_LEFT_OUT)
        return;
    if (!grow(s) || !find_origin(s, t)) {
        s->incomplete = true;
        return;
    }
    struct search_point *p = &s->points[s->n];
    *p = (struct search_point){.family = c->family,
                               .n_knobs = c->family->n_knobs};
    memcpy(p->values, c->values, p->n_knobs * sizeof(p->values[0]));
    s->proposers[s->n++] = s->n_origins - 1;
}

struct point_watcher space_watcher(struct space *s)
{
    return (struct point_watcher){.context = s, .point = add_point};
}

// ---- each once --------------------------------------------------------------

struct entry {
    const struct search_point *point;
    size_t at;
};

static int compare_points(const struct search_point *a,
                          const struct search_point *b)
{
    int names = strcmp(((const struct family *)a->family)->name,
                       ((const struct family *)b->family)->name);
    if (names)
        return names;
    for (size_t i = 0; i < a->n_knobs; i++)
        if (a->values[i] != b->values[i])
            return a->values[i] < b->values[i] ? -1 : 1;
    return 0;
}

static int compare_entries(const void *pa, const void *pb)
{
    const struct entry *a = pa, *b = pb;
    int order = compare_points(a->point, b->point);
    return order ? order : (a->at > b->at) - (a->at < b->at);
}

static void keep_first(struct space *s, const bool *repeated)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (repeated[i])
            continue;
        s->points[n] = s->points[i];
        s->proposers[n++] = s->proposers[i];
    }
    s->n = n;
}

gnnac_status space_end(struct space *s, gnnac_error *err)
{
    struct entry *sorted = calloc_array((int64_t)s->n + 1, sizeof(*sorted));
    bool *repeated = calloc_array((int64_t)s->n + 1, sizeof(*repeated));
    bool fits = sorted && repeated && !s->incomplete;
    for (size_t i = 0; fits && i < s->n; i++)
        sorted[i] = (struct entry){&s->points[i], i};
    if (fits && s->n)
        qsort(sorted, s->n, sizeof(*sorted), compare_entries);
    for (size_t i = 1; fits && i < s->n; i++)
        repeated[sorted[i].at] =
            compare_points(sorted[i].point, sorted[i - 1].point) == 0;
    if (fits)
        keep_first(s, repeated);
    free(sorted);
    free(repeated);
    return fits ? GNNAC_OK : FAIL(err, GNNAC_ENOMEM, "out of memory");
}

// ---- BLAS -------------------------------------------------------------------

static const struct family blas = {.name = "blas"};

gnnac_status space_add_blas(struct space *s, gnnac_error *err)
{
    static const struct rule_trace rival = {.rule = "blas"};
    const struct candidate point = {.family = &blas};
    add_point(s, &rival, &point, POINT_TAKEN);
    return s->incomplete ? FAIL(err, GNNAC_ENOMEM, "out of memory") : GNNAC_OK;
}

bool space_is_blas(const struct space *s, size_t point)
{
    return s->points[point].family == &blas;
}

// ---- asking it --------------------------------------------------------------

void space_read_knobs(const char *text, struct search_point *p)
{
    p->n_knobs = 0;
    while (p->n_knobs < MAX_KNOBS && (text = strchr(text, '='))) {
        char *end;
        p->values[p->n_knobs++] = strtoll(text + 1, &end, 10);
        text = end;
    }
}

void space_candidate(const struct space *s, size_t point, struct candidate *out)
{
    const struct search_point *p = &s->points[point];
    const struct origin *o = &s->origins[s->proposers[point]];
    *out = (struct candidate){.family = p->family};
    memcpy(out->values, p->values, p->n_knobs * sizeof(p->values[0]));
    memcpy(out->rule, o->rule, sizeof(out->rule));
    memcpy(out->why, o->why, sizeof(out->why));
    memcpy(out->where, o->where, sizeof(out->where));
}

size_t space_find(const struct space *s, const char *family, const char *knobs)
{
    struct search_point wanted = {0};
    space_read_knobs(knobs, &wanted);
    for (size_t i = 0; i < s->n; i++) {
        const struct search_point *p = &s->points[i];
        const struct family *f = p->family;
        if (strcmp(f->name, family) == 0 && wanted.n_knobs <= p->n_knobs &&
            memcmp(p->values, wanted.values, sizeof(p->values)) == 0)
            return i;
    }
    return NO_RACER;
}
