#include "workshop/lesson.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "plan/rules.h"
#include "tune/variant.h"

enum { MAX_SETTINGS = MAX_KNOBS + 1 };

// A recorded point as a candidate; false when it cannot be made any more.
static bool read_point(const struct family_list *families,
                       const struct timed_point *p, struct candidate *out)
{
    char template[80], knobs[sizeof(p->knobs)], text[256];
    const char *settings[MAX_SETTINGS] = {template};
    size_t n = 1;
    char *save = NULL;
    snprintf(template, sizeof(template), "template=%s", p->family);
    snprintf(knobs, sizeof(knobs), "%s", p->knobs);
    for (char *s = strtok_r(knobs, " ", &save); s && n < MAX_SETTINGS;
         s = strtok_r(NULL, " ", &save))
        settings[n++] = s;
    if (candidate_from_settings(families, "aggregate", settings, n, out,
                                NULL) != GNNAC_OK)
        return false;
    candidate_text(out, text, sizeof(text)); // a new knob makes another point
    return strcmp(text, p->knobs) == 0;
}

static size_t find_point(const struct lesson *l, const struct candidate *c)
{
    size_t i = 0;
    while (i < l->n_points && !candidate_same_point(&l->points[i], c))
        i++;
    return i;
}

static gnnac_status collect_points(struct lesson *l,
                                   const struct family_list *families,
                                   gnnac_error *err)
{
    size_t room = 0;
    for (size_t i = 0; i < l->n; i++)
        room += l->w[i]->n_timed;
    l->points = calloc(room + 1, sizeof(*l->points));
    if (!l->points)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    for (size_t i = 0; i < l->n; i++)
        for (size_t p = 0; p < l->w[i]->n_timed; p++) {
            struct candidate c;
            if (!read_point(families, &l->w[i]->points[p], &c))
                continue;
            size_t at = find_point(l, &c);
            if (at == l->n_points)
                l->points[l->n_points++] = c;
        }
    return GNNAC_OK;
}

static void fill_losses(struct lesson *l, size_t i)
{
    char knobs[256];
    const struct workload *w = l->w[i];
    double slowest = log(w->points[w->n_timed - 1].ns / w->points[0].ns);
    for (size_t k = 0; k < l->n_points; k++) {
        candidate_text(&l->points[k], knobs, sizeof(knobs));
        const struct timed_point *p =
            workload_point(w, l->points[k].family->name, knobs);
        double loss = slowest;
        if (p)
            loss =
                isnan(p->ns) ? slowest + log(2) : log(p->ns / w->points[0].ns);
        l->loss[i * l->n_points + k] = loss;
    }
}

gnnac_status lesson_of(const struct evidence *e,
                       const struct family_list *families, struct lesson *out,
                       gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct lesson l = {.w = calloc(e->n + 1, sizeof(*l.w))};
    if (!l.w)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    for (size_t i = 0; i < e->n; i++)
        if (workload_is_known(&e->items[i]) && e->items[i].n_timed > 1)
            l.w[l.n++] = &e->items[i];
    TRY(collect_points(&l, families, err));
    l.loss = calloc_array((int64_t)(l.n * l.n_points + 1), sizeof(*l.loss));
    if (!l.loss) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    for (size_t i = 0; i < l.n; i++) {
        fill_losses(&l, i);
        l.n_graphs += i == 0 || l.w[i]->graph != l.w[i - 1]->graph;
    }
    *out = l;
    l = (struct lesson){0};
out:
    lesson_finish(&l);
    return st;
}

void lesson_finish(struct lesson *l)
{
    free(l->w);
    free(l->points);
    free(l->loss);
    *l = (struct lesson){0};
}

// Workloads come in the order of their graphs, and members ascend.
size_t lesson_graphs(const struct lesson *l, const size_t *members, size_t n)
{
    size_t graphs = 0;
    for (size_t i = 0; i < n; i++)
        graphs +=
            i == 0 || l->w[members[i]]->graph != l->w[members[i - 1]]->graph;
    return graphs;
}
