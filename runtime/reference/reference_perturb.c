// How the runs beside the exact one move.
#include "reference/reference.h"
#include "rng.h"

// Element j of row v, `y` [RUNS].
static void perturb_element(uint64_t seed, int64_t v, int32_t dim, int32_t j,
                            double local, double *y)
{
    uint64_t random = rng_at(seed, (uint64_t)(v * dim + j));
    uint64_t column = rng_at(seed + 1, (uint64_t)j);
    y[1] += random & 1 ? local : -local;
    y[2] += random & 2 ? local : -local;
    y[3] += column & 1 ? local : -local;
}

void reference_perturb(int32_t stage, int64_t v, int32_t dim,
                       const double *local, double *y)
{
    uint64_t seed = rng_mix((uint64_t)stage + 1);
    for (int32_t j = 0; j < dim; j++)
        perturb_element(seed, v, dim, j, local[j], y + j * RUNS);
}

// The sum with the layer's input is rounded, and stored.
void reference_add_input(const struct conv *c, int64_t v, double *y)
{
    uint64_t seed = rng_mix(2 * MAX_LAYERS + (uint64_t)c->index + 1);
    int32_t dim = c->l->out_dim;
    for (int32_t j = 0; j < dim; j++, y += RUNS) {
        for (int r = 0; r < RUNS; r++)
            y[r] += conv_input(c, v, j, r);
        double local = REFERENCE_U * fabs(y[0]) + stored(c, y[0]);
        perturb_element(seed, v, dim, j, local, y);
    }
}
