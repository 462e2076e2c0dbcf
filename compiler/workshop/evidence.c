#include "workshop/evidence.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tune/analysis.h"
#include "tune/subjects.h"
#include "tunedb_records.h"

// ---- growing lists ----------------------------------------------------------

// The list of `n` with a zeroed element behind its last, in the old one's
// place; NULL: out of memory, the old one stays.
static void *append(void *list, size_t n, size_t size)
{
    char *grown = realloc(list, (n + 1) * size);
    if (grown)
        memset(grown + n * size, 0, size);
    return grown;
}

static gnnac_status no_memory(gnnac_error *err)
{
    return FAIL(err, GNNAC_ENOMEM, "out of memory");
}

// ---- graphs and devices -----------------------------------------------------

// The one of that fingerprint, a new one if need be; NULL: out of memory.
static struct known_graph *graph_of(struct evidence *e, const char *fingerprint)
{
    for (size_t i = 0; i < e->n_graphs; i++)
        if (strcmp(e->graphs[i]->fingerprint, fingerprint) == 0)
            return e->graphs[i];
    struct known_graph *g = calloc(1, sizeof(*g));
    struct known_graph **grown =
        g ? append(e->graphs, e->n_graphs, sizeof(*grown)) : NULL;
    if (!grown) {
        free(g);
        return NULL;
    }
    e->graphs = grown;
    snprintf(g->fingerprint, sizeof(g->fingerprint), "%s", fingerprint);
    return grown[e->n_graphs++] = g;
}

// The datasheet of the first architecture in a text like "H200 sm_90 ...".
static void guess_device(const char *text, struct device *out)
{
    int arch = 0;
    const char *sm = strstr(text, " sm_");
    if (sm)
        sscanf(sm, " sm_%d", &arch);
    device_typical(arch, out);
    if (sm)
        snprintf(out->name, sizeof(out->name), "%.*s", (int)(sm - text), text);
}

static struct known_device *device_of(struct evidence *e, const char *text)
{
    for (size_t i = 0; i < e->n_devices; i++)
        if (strcmp(e->devices[i]->text, text) == 0)
            return e->devices[i];
    struct known_device *d = calloc(1, sizeof(*d));
    struct known_device **grown =
        d ? append(e->devices, e->n_devices, sizeof(*grown)) : NULL;
    if (!grown) {
        free(d);
        return NULL;
    }
    e->devices = grown;
    snprintf(d->text, sizeof(d->text), "%s", text);
    guess_device(text, &d->device);
    device_props(&d->device, &d->props);
    return grown[e->n_devices++] = d;
}

static bool finds_by_rabbit(const struct props *p)
{
    const struct prop *method = props_find(p, "graph.community.method");
    return method && method->type == PROP_TEXT &&
           strcmp(method->text, "rabbit") == 0;
}

// Rules see Rabbit's communities, so of two analyses of a graph such a one is
// taken.
static gnnac_status learn_graph(struct evidence *e, const struct props *p,
                                const char *fingerprint, gnnac_error *err)
{
    struct known_graph *g = graph_of(e, fingerprint);
    if (!g)
        return no_memory(err);
    if (g->props.n == 0 || (finds_by_rabbit(p) && !finds_by_rabbit(&g->props)))
        g->props = *p;
    return GNNAC_OK;
}

static gnnac_status see_analysis(void *context, const struct analysis_record *r,
                                 gnnac_error *err)
{
    struct evidence *e = context;
    const char *text;
    struct props p;
    if (!analysis_parse(r->value, &p))
        return GNNAC_OK;
    const struct prop *fp = props_find(&p, "graph.fingerprint");
    if (fp && fp->type == PROP_TEXT)
        return learn_graph(e, &p, fp->text, err);
    struct device measured;
    if (!subject_is_device(r->key, &text) || !device_from_props(&p, &measured))
        return GNNAC_OK;
    struct known_device *d = device_of(e, text);
    if (!d)
        return no_memory(err);
    d->device = measured;
    d->props = p;
    d->measured = true;
    return GNNAC_OK;
}

// ---- timings ----------------------------------------------------------------

static bool is_of(const struct workload *w, const struct decision_key *key)
{
    return strcmp(w->graph->fingerprint, key->graph) == 0 &&
           strcmp(w->op.key, key->op) == 0 &&
           strcmp(w->device->text, key->device) == 0 &&
           strcmp(w->toolchain, key->toolchain) == 0;
}

// Runs come in the order of their keys, so those of one question follow one
// another.
static gnnac_status workload_of(struct evidence *e,
                                const struct decision_key *key,
                                const struct opspec *op, struct workload **out,
                                gnnac_error *err)
{
    *out = e->n ? &e->items[e->n - 1] : NULL;
    if (*out && is_of(*out, key))
        return GNNAC_OK;
    struct workload *grown = append(e->items, e->n, sizeof(*grown));
    if (!grown)
        return no_memory(err);
    e->items = grown;
    struct workload *w = &grown[e->n++];
    w->op = *op;
    w->graph = graph_of(e, key->graph);
    w->device = device_of(e, key->device);
    snprintf(w->toolchain, sizeof(w->toolchain), "%s", key->toolchain);
    *out = w;
    return w->graph && w->device ? GNNAC_OK : no_memory(err);
}

// The kernel is of no use.
static bool has_failed(const struct measurement_row *m)
{
    static const char *const words[] = {"wrong_result", "launch_error",
                                        "compile_error", "quarantined"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(m->status, words[i]) == 0)
            return true;
    return false;
}

static bool says_something(const struct measurement_row *m)
{
    bool ran = strcmp(m->status, "ok") == 0 ||
               strcmp(m->status, "duplicate") == 0; // with another's times
    return has_failed(m) || (ran && m->median_ns > 0);
}

// n_points: there is none such.
static size_t point_at(const struct workload *w, const char *family,
                       const char *knobs)
{
    size_t i = 0;
    while (i < w->n_points && (strcmp(w->points[i].family, family) != 0 ||
                               strcmp(w->points[i].knobs, knobs) != 0))
        i++;
    return i;
}

static gnnac_status add_point(struct workload *w, int64_t time,
                              const struct measurement_row *m, gnnac_error *err)
{
    size_t at = point_at(w, m->family, m->knobs);
    if (at == w->n_points) {
        struct timed_point *grown =
            append(w->points, w->n_points, sizeof(*grown));
        if (!grown)
            return no_memory(err);
        w->points = grown;
        w->n_points++;
    }
    struct timed_point *p = &w->points[at];
    if (p->time > time)
        return GNNAC_OK;
    snprintf(p->family, sizeof(p->family), "%s", m->family);
    snprintf(p->knobs, sizeof(p->knobs), "%s", m->knobs);
    p->ns = has_failed(m) ? NAN : m->median_ns;
    p->spill_bytes = m->spill_bytes;
    p->time = time;
    return GNNAC_OK;
}

static gnnac_status see_run(void *context, const struct run_record *r,
                            gnnac_error *err)
{
    struct opspec op;
    struct workload *w;
    if (!opspec_parse(r->key.op, &op) || strcmp(op.op, "aggregate") != 0)
        return GNNAC_OK;
    gnnac_status st = workload_of(context, &r->key, &op, &w, err);
    for (size_t i = 0; st == GNNAC_OK && i < r->n_rows; i++)
        if (says_something(&r->rows[i]))
            st = add_point(w, r->time, &r->rows[i], err);
    return st;
}

static gnnac_status skip_damage(void *context, const char *what,
                                gnnac_error *err)
{
    (void)context;
    (void)what;
    (void)err;
    return GNNAC_OK;
}

// ---- order ------------------------------------------------------------------

static int by_time(const void *pa, const void *pb)
{
    const struct timed_point *a = pa, *b = pb;
    if (isnan(a->ns) != isnan(b->ns))
        return isnan(a->ns) ? 1 : -1;
    if (!isnan(a->ns) && a->ns != b->ns)
        return a->ns < b->ns ? -1 : 1;
    int order = strcmp(a->family, b->family);
    return order ? order : strcmp(a->knobs, b->knobs);
}

static void sort_points(struct workload *w)
{
    if (w->n_points)
        qsort(w->points, w->n_points, sizeof(*w->points), by_time);
    while (w->n_timed < w->n_points && !isnan(w->points[w->n_timed].ns))
        w->n_timed++;
}

static void drop_untimed(struct evidence *e)
{
    size_t kept = 0;
    for (size_t i = 0; i < e->n; i++) {
        sort_points(&e->items[i]);
        if (e->items[i].n_timed > 0)
            e->items[kept++] = e->items[i];
        else
            free(e->items[i].points);
    }
    e->n = kept;
}

gnnac_status evidence_load(struct tunedb *db, struct evidence *out,
                           gnnac_error *err)
{
    struct evidence e = {0};
    const struct record_visitor visitor = {.context = &e,
                                           .run = see_run,
                                           .analysis = see_analysis,
                                           .damage = skip_damage};
    gnnac_status st = tunedb_visit(db, "", &visitor, err);
    drop_untimed(&e);
    if (st == GNNAC_OK)
        *out = e;
    else
        evidence_finish(&e);
    return st;
}

void evidence_finish(struct evidence *e)
{
    for (size_t i = 0; i < e->n; i++)
        free(e->items[i].points);
    for (size_t i = 0; i < e->n_graphs; i++)
        free(e->graphs[i]);
    for (size_t i = 0; i < e->n_devices; i++)
        free(e->devices[i]);
    free(e->items);
    free(e->graphs);
    free(e->devices);
    *e = (struct evidence){0};
}

// ---- questions --------------------------------------------------------------

bool workload_is_known(const struct workload *w)
{
    return w->graph->props.n > 0;
}

const struct timed_point *workload_point(const struct workload *w,
                                         const char *family, const char *knobs)
{
    size_t i = point_at(w, family, knobs);
    return i < w->n_points ? &w->points[i] : NULL;
}

const struct timed_point *workload_best(const struct workload *w)
{
    return &w->points[0];
}

void workload_name(const struct workload *w, char *out, size_t n_bytes)
{
    const struct prop *layer = props_find(&w->op.layer, "layer.op");
    snprintf(out, n_bytes, "graph %.8s, width %d, %s layer %d, %s",
             w->graph->fingerprint, (int)w->op.spec.dim, layer->text,
             (int)props_number(&w->op.layer, "layer.index"), w->device->text);
}

double workload_number(const struct workload *w, const char *name)
{
    const struct props *all[] = {&w->graph->props, &w->op.layer,
                                 &w->device->props};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (props_find(all[i], name))
            return props_number(all[i], name);
    return NAN;
}
