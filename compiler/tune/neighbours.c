#include "tune/neighbours.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/opspec.h"
#include "tune/recall.h"
#include "tune/subjects.h"
#include "tunedb_records.h"

enum { N_FEATURES = 8, N_NEAREST = MAX_FAVOURITES };
// Graphs further away say nothing: about a factor of eight in size alone.
static const double max_distance = 3;
static const double worth_it = 1.02;

// ---- what a graph is like ---------------------------------------------------

static const struct feature {
    const char *name;
    bool log; // log2(1 + x)
    double weight;
} features[N_FEATURES] = {
    {"graph.nodes", true, 0.5},
    {"graph.edges", true, 0.5},
    {"graph.degree.mean", true, 1},
    {"graph.degree.max", true, 0.25},
    {"graph.degree.cv", true, 1},
    {"graph.degree.gini", false, 2},
    {"graph.locality.avg_log2_span", false, 0.1},
    {"graph.locality.window_reuse_16", true, 0.5},
};

static void vector_of(const struct props *graph, double v[N_FEATURES])
{
    for (int i = 0; i < N_FEATURES; i++) {
        double x = props_number(graph, features[i].name);
        v[i] =
            features[i].weight * (features[i].log ? log2(1 + fmax(0, x)) : x);
    }
}

static double distance(const double a[N_FEATURES], const double b[N_FEATURES])
{
    double sum = 0;
    for (int i = 0; i < N_FEATURES; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum);
}

// ---- the nearest runs -------------------------------------------------------

// A run on another graph: what each option took there over the best of all.
struct neighbour {
    char graph[33];
    double distance;
    int64_t time;
    struct favourite best;
    double *slowdown; // owned; n of the request, NaN: not measured
};

struct asking {
    const struct neighbours_request *rq;
    struct tunedb *db;
    double vector[N_FEATURES];
    size_t n;
    struct neighbour nearest[N_NEAREST]; // in the order of their distances
};

static bool same_condition(const char *device, bool cold)
{
    return (strstr(device, RECALL_COLD) != NULL) == cold;
}

// "NVIDIA H200 sm_90 compute_75" has "sm_90"; "ranked sm_90 ..." was no GPU.
static bool same_arch(const char *device, const char *arch)
{
    size_t n = strlen(arch);
    if (strncmp(device, "ranked ", 7) == 0)
        return false;
    for (const char *at = strstr(device, arch); at; at = strstr(at + 1, arch))
        if ((at == device || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
            return true;
    return false;
}

static double time_of(const struct run_record *r, const struct variant *v)
{
    for (size_t i = 0; i < r->n_rows; i++)
        if (strcmp(r->rows[i].family, v->kernel.family) == 0 &&
            strcmp(r->rows[i].knobs, v->knobs) == 0)
            return r->rows[i].median_ns;
    return NAN;
}

// NULL: nothing was timed.
static const struct measurement_row *fastest_of(const struct run_record *r)
{
    const struct measurement_row *best = NULL;
    for (size_t i = 0; i < r->n_rows; i++)
        if (r->rows[i].median_ns > 0 &&
            (!best || r->rows[i].median_ns < best->median_ns))
            best = &r->rows[i];
    return best;
}

static bool fill_slowdowns(const struct neighbours_request *rq,
                           const struct run_record *r, struct neighbour *n)
{
    const struct measurement_row *best = fastest_of(r);
    if (!best)
        return false;
    snprintf(n->best.family, sizeof(n->best.family), "%s", best->family);
    snprintf(n->best.knobs, sizeof(n->best.knobs), "%s", best->knobs);
    for (size_t i = 0; i < rq->n; i++)
        n->slowdown[i] =
            time_of(r, &rq->variants[rq->options[i]]) / best->median_ns;
    return true;
}

// Of one graph the latest run counts; equally near, the first fingerprint.
static void insert(struct asking *a, const struct neighbour *new)
{
    size_t at = 0;
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->nearest[i].graph, new->graph) == 0) {
            double *old = a->nearest[i].slowdown;
            bool later = new->time >= a->nearest[i].time;
            if (later)
                a->nearest[i] = *new;
            free(later ? old : new->slowdown);
            return;
        }
    while (at < a->n && a->nearest[at].distance <= new->distance)
        at++;
    if (at == N_NEAREST) {
        free(new->slowdown);
        return;
    }
    if (a->n == N_NEAREST)
        free(a->nearest[--a->n].slowdown);
    memmove(&a->nearest[at + 1], &a->nearest[at],
            (a->n - at) * sizeof(a->nearest[0]));
    a->nearest[at] = *new;
    a->n++;
}

static gnnac_status meet(void *context, const struct run_record *r,
                         gnnac_error *err)
{
    struct asking *a = context;
    double v[N_FEATURES];
    struct props graph;
    if (!opspec_same_class(r->key.op, a->rq->op) ||
        !same_arch(r->key.device, a->rq->arch) ||
        !same_condition(r->key.device, a->rq->cold) ||
        !subject_graph(a->db, r->key.graph, &graph))
        return GNNAC_OK;
    vector_of(&graph, v);
    struct neighbour n = {.distance = distance(v, a->vector), .time = r->time};
    snprintf(n.graph, sizeof(n.graph), "%s", r->key.graph);
    if (n.distance > max_distance)
        return GNNAC_OK;
    n.slowdown = calloc(a->rq->n + 1, sizeof(*n.slowdown));
    if (!n.slowdown)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    if (fill_slowdowns(a->rq, r, &n))
        insert(a, &n);
    else
        free(n.slowdown);
    return GNNAC_OK;
}

// ---- the choice -------------------------------------------------------------

// Mean slowdown, nearer graphs counting more; NaN unless those on which it was
// measured have more than half of the weight (the common best of CLBlast's
// database: Nugteren, "CLBlast: A Tuned OpenCL BLAS Library", IWOCL 2018).
static double mean_slowdown(const struct asking *a, size_t option)
{
    double all = 0, measured = 0, sum = 0;
    for (size_t i = 0; i < a->n; i++) {
        double w = 1 / (0.1 + a->nearest[i].distance);
        double s = a->nearest[i].slowdown[option];
        all += w;
        if (isfinite(s)) {
            measured += w;
            sum += w * s;
        }
    }
    return measured > all / 2 ? sum / measured : NAN;
}

static bool choose(const struct asking *a, struct neighbours_choice *out)
{
    const struct neighbours_request *rq = a->rq;
    struct neighbours_choice c = {.slowdown = INFINITY, .n_graphs = a->n};
    if (a->n == 0)
        return false;
    for (size_t i = 0; i < rq->n; i++) {
        double s = mean_slowdown(a, i);
        const struct variant *v = &rq->variants[rq->options[i]];
        if (strcmp(v->status, "ok") == 0 && !variant_is_blas(v) &&
            s < c.slowdown) {
            c.slowdown = s;
            c.option = i;
        }
    }
    c.of_reference = mean_slowdown(a, rq->reference);
    c.distance = a->nearest[0].distance;
    strcpy(c.nearest, a->nearest[0].graph);
    bool better = isfinite(c.slowdown) && c.option != rq->reference &&
                  !(c.of_reference <= c.slowdown * worth_it);
    if (better)
        *out = c;
    return better;
}

static bool ask_graphs(struct asking *a)
{
    const struct record_visitor visitor = {.context = a, .run = meet};
    vector_of(a->rq->graph, a->vector);
    return tunedb_visit(a->db, "", &visitor, NULL) == GNNAC_OK;
}

static void asking_finish(struct asking *a)
{
    for (size_t i = 0; i < a->n; i++)
        free(a->nearest[i].slowdown);
}

bool neighbours_choose(struct tunedb *db, const struct neighbours_request *rq,
                       struct neighbours_choice *out)
{
    struct asking a = {.rq = rq, .db = db};
    bool found = ask_graphs(&a) && choose(&a, out);
    asking_finish(&a);
    return found;
}

size_t neighbours_favourites(struct tunedb *db,
                             const struct neighbours_request *rq,
                             struct favourite out[MAX_FAVOURITES])
{
    struct neighbours_request all = *rq;
    all.n = 0;
    struct asking a = {.rq = &all, .db = db};
    size_t n = ask_graphs(&a) ? a.n : 0;
    for (size_t i = 0; i < n; i++)
        out[i] = a.nearest[i].best;
    asking_finish(&a);
    return n;
}
