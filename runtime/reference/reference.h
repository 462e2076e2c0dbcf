// What the parts of the float64 reference share: RUNS values side by side of
// every quantity, one exact, the others moved by the errors that float32 may
// have made (reference.c says how).
#ifndef GNNAC_REFERENCE_H
#define GNNAC_REFERENCE_H

#include <math.h>

#include "backend.h"
#include "bundle/input_graph.h"
#include "bundle/model_params.h"

enum { RUNS = 4 }; // 0: exact; 1, 2: random signs; 3: signs per column

// Half of float32's epsilon.
#define REFERENCE_U 0x1p-24
// Of the bounds, what stands before their parts.
#define REFERENCE_C 4.0

// One layer: its parameters, its graph, what it reads and writes. Of every
// value there are RUNS, side by side.
struct conv {
    const struct layer *l;
    int32_t index;
    bool last;
    const float *param[N_PARAM_ROLES]; // NULL where the layer has none
    const struct input_graph *g;
    const double *dinv; // GCN
    const float *x;     // the network's input, for the first layer
    const double *in;   // [n_nodes, in_dim, RUNS] for the others
    enum dtype dtype;   // of what is stored between the layers
    double unit, tiny; // BLAS may change an operand v by unit |v| + tiny
    double *transformed; // [n_nodes, out_dim] W x; NULL for f32
    double *out;        // [n_nodes, out_dim, RUNS]
    double *bound;      // [n_nodes, out_dim], for the last
};

// Value `k` of row `u` of what the layer reads, in run `r`.
static inline double conv_input(const struct conv *c, int64_t u, int32_t k,
                                int r)
{
    int64_t at = u * c->l->in_dim + k;
    return c->x ? (double)c->x[at] : c->in[at * RUNS + r];
}

static inline double square(double v)
{
    return v * v;
}

// s(v): what storing a value may change.
static inline double stored(const struct conv *c, double v)
{
    return c->dtype == DTYPE_F32
               ? 0
               : dtype_unit(c->dtype) * fabs(v) + dtype_tiny(c->dtype);
}

// Finds unit and tiny of the layer with number c->index.
void reference_math(const struct gnnac_model *m, struct conv *c);

// The square of what rounding x and w by the unit makes of w x, by |w|; `mag`
// is |x|.
static inline double multiplied(const struct conv *c, double mag)
{
    return 2 * square(c->unit * mag);
}

// z [dim, RUNS], of magnitude `mag` [dim], is stored, as is the weight that it
// is then multiplied by; BLAS may round both. `spread` grows by the squares.
static inline void reference_spread(const struct conv *c, int32_t dim,
                                    const double *z, const double *mag,
                                    double *spread)
{
    for (int32_t k = 0; k < dim; k++)
        spread[k] +=
            2 * square(stored(c, z[k * RUNS])) + multiplied(c, mag[k]);
}

// Move the runs but the exact one by `local` [dim]. `stage` numbers the
// matrices.
void reference_perturb(int32_t stage, int64_t v, int32_t dim,
                       const double *local, double *y);

// A row `y` [out_dim, RUNS] before its activation, with its own error `local`:
// bound it or move it on, then activate; add the layer's input if it has that.
void reference_finish_row(const struct conv *c, int64_t v, const double *local,
                          double *y);

// A row of a layer behind its activation: its input is added, in each run.
void reference_add_input(const struct conv *c, int64_t v, double *y);

// A row of the last layer in place; its bounds `e` become those of the result.
void reference_log_softmax(double *x, double *e, int32_t dim);

// A layer of attention; fills c->out. GNNAC_ENOMEM.
gnnac_status reference_attention(const struct conv *c, int n_threads,
                                 gnnac_error *err);

#endif
