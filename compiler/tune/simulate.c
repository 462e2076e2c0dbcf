#include "tune/simulate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "rng.h"
#include "tune/space.h"

// 20 % of a normal distribution lie below this many deviations under its mean.
static const double z_80 = 0.8416;

// Fewer single samples than these say too little to be drawn from.
enum { RESAMPLED_FROM = 9 };

struct recording {
    size_t n;
    size_t *rows; // owned: those of the run that have a time
    const struct measurement_row **from; // owned; parallel
    double *log_ns, *below, *above; // owned: median, and deviation to each side
    size_t *n_taken;                // owned
    uint64_t seed;
    double best; // least log_ns
    size_t n_tried, n_to_5;
};

static void recording_finish(struct recording *r)
{
    free(r->rows);
    free(r->from);
    free(r->log_ns);
    free(r->below);
    free(r->above);
    free(r->n_taken);
}

static double deviation(double nearer, double further)
{
    bool known = nearer > 0 && further >= nearer && isfinite(further);
    return known ? log(further / nearer) / z_80 : 0;
}

// Who shares another's times was never run. Older recordings have the greater
// one of two samples as the median.
static void record(struct recording *r, size_t row,
                   const struct measurement_row *m)
{
    if (!(m->median_ns > 0) || strcmp(m->status, "duplicate") == 0)
        return;
    bool few = m->n_samples <= RACE_FEW_SAMPLES && m->p20_ns > 0;
    double middle = few ? m->p20_ns : m->median_ns;
    r->rows[r->n] = row;
    r->from[r->n] = m;
    r->log_ns[r->n] = log(middle);
    r->below[r->n] = deviation(m->p20_ns, middle);
    r->above[r->n] = deviation(middle, m->p80_ns);
    r->best = fmin(r->best, r->log_ns[r->n]);
    r->n++;
}

static gnnac_status recording_init(const struct run_record *run, uint64_t seed,
                                   struct recording *r, gnnac_error *err)
{
    int64_t n = (int64_t)run->n_rows;
    *r = (struct recording){.seed = seed, .best = INFINITY};
    r->rows = calloc_array(n, sizeof(*r->rows));
    r->from = calloc_array(n, sizeof(*r->from));
    r->log_ns = calloc_array(n, sizeof(*r->log_ns));
    r->below = calloc_array(n, sizeof(*r->below));
    r->above = calloc_array(n, sizeof(*r->above));
    r->n_taken = calloc_array(n, sizeof(*r->n_taken));
    if (!r->rows || !r->from || !r->log_ns || !r->below || !r->above ||
        !r->n_taken)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    for (size_t i = 0; i < run->n_rows; i++)
        record(r, i, &run->rows[i]);
    if (r->n < 2)
        return FAIL(err, GNNAC_ENOENT, "a run without two timed candidates");
    return GNNAC_OK;
}

static void count_try(struct recording *r, size_t candidate)
{
    r->n_tried++;
    if (r->n_to_5 == 0 && r->log_ns[candidate] <= r->best + log(1.05))
        r->n_to_5 = r->n_tried;
}

// Where little or no single samples were kept.
static double made_up(const struct recording *r, size_t candidate, size_t k)
{
    double z = rng_normal(r->seed + candidate, k);
    return exp(r->log_ns[candidate] +
               z * (z < 0 ? r->below[candidate] : r->above[candidate]));
}

static gnnac_status measure(void *context, size_t candidate, double *ns,
                            gnnac_error *err)
{
    struct recording *r = context;
    const struct measurement_row *m = r->from[candidate];
    size_t k = r->n_taken[candidate]++;
    (void)err;
    if (k == 0)
        count_try(r, candidate);
    *ns = m->n_kept >= RESAMPLED_FROM
              ? (double)
                    m->samples_ns[rng_below(r->seed + candidate, k, m->n_kept)]
              : made_up(r, candidate, k);
    return GNNAC_OK;
}

static size_t best_of(const struct recording *r)
{
    size_t best = 0;
    for (size_t i = 1; i < r->n; i++)
        if (r->log_ns[i] < r->log_ns[best])
            best = i;
    return best;
}

static void tell_outcome(const struct recording *r, const struct race *race,
                         size_t winner, struct simulated *out)
{
    size_t taken = race->n_samples + race->n_warm_up;
    *out = (struct simulated){
        .n = r->n,
        .n_tried = r->n_tried,
        .winner = r->rows[winner],
        .best = r->rows[best_of(r)],
        .n_samples = taken,
        .n_to_5 = r->n_to_5,
        .cost = (double)taken / (double)(r->n * SIMULATE_EXHAUSTIVE_SAMPLES),
        .regret = exp(r->log_ns[winner] - r->best) - 1,
        .noisy = race->noisy,
    };
}

static gnnac_status replay_race(struct recording *r, struct simulated *out,
                                gnnac_error *err)
{
    struct race race;
    const struct race_device device = {.context = r, .measure = measure};
    const struct race_options options = {
        .n = r->n, .incumbent = NO_RACER, .seed = r->seed};
    gnnac_status st = race_run(&device, &options, &race, err);
    if (st != GNNAC_OK)
        return st;
    tell_outcome(r, &race, race.winner, out);
    race_finish(&race);
    return GNNAC_OK;
}

// ---- a space that is too large to time all of it ----------------------------

static gnnac_status all_ready(void *context, const size_t *wave, size_t n,
                              bool *ready, gnnac_error *err)
{
    (void)context;
    (void)wave;
    (void)err;
    for (size_t i = 0; i < n; i++)
        ready[i] = true;
    return GNNAC_OK;
}

// The address of the first of equal names.
static const char *family_of(const struct recording *r, size_t i)
{
    size_t first = 0;
    while (strcmp(r->from[first]->family, r->from[i]->family) != 0)
        first++;
    return r->from[first]->family;
}

static struct search_point *points_of(const struct recording *r)
{
    struct search_point *points = calloc_array((int64_t)r->n, sizeof(*points));
    for (size_t i = 0; points && i < r->n; i++) {
        points[i].family = family_of(r, i);
        space_read_knobs(r->from[i]->knobs, &points[i]);
    }
    return points;
}

// Rows stand in the order of the rules: the first are what rules think best.
static gnnac_status replay_search(struct recording *r, struct simulated *out,
                                  gnnac_error *err)
{
    struct search found;
    struct search_point *points = points_of(r);
    size_t seeds[SEARCH_RULED];
    for (size_t i = 0; i < SEARCH_RULED; i++)
        seeds[i] = i;
    const struct search_device device = {
        .race = {.context = r, .measure = measure}, .prepare = all_ready};
    const struct search_options options = {.n = r->n,
                                           .points = points,
                                           .n_seeds = SEARCH_RULED,
                                           .seeds = seeds,
                                           .incumbent = NO_RACER,
                                           .most = MAX_CANDIDATES,
                                           .seed = r->seed};
    gnnac_status st = points ? search_run(&device, &options, &found, err)
                             : FAIL(err, GNNAC_ENOMEM, "out of memory");
    free(points);
    if (st != GNNAC_OK)
        return st;
    tell_outcome(r, &found.race, found.points[found.race.winner], out);
    out->n_waves = found.n_waves;
    search_finish(&found);
    return GNNAC_OK;
}

gnnac_status simulate_run(const struct run_record *run, uint64_t seed,
                          struct simulated *out, gnnac_error *err)
{
    struct recording r;
    gnnac_status st = recording_init(run, seed << 20, &r, err);
    if (st == GNNAC_OK)
        st = r.n > MAX_CANDIDATES ? replay_search(&r, out, err)
                                  : replay_race(&r, out, err);
    recording_finish(&r);
    return st;
}
