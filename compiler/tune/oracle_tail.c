#include "tune/oracle_tail.h"

#include <math.h>
#include <string.h>

#include "bundle/train_state.h"
#include "rng.h"

static const double unit = 0x1p-24;

// The operands' errors, then those of the maximum's subtraction, of the
// exponentials, of their sum and of its logarithm.
static void log_softmax(const struct kernel_spec *spec, double *y,
                        double *bound)
{
    double top = -INFINITY, total = 0, worst = 0;
    for (int32_t c = 0; c < spec->dim; c++)
        top = fmax(top, y[c]);
    for (int32_t c = 0; c < spec->dim; c++) {
        total += exp(y[c] - top);
        worst = fmax(worst, bound[c]);
    }
    for (int32_t c = 0; c < spec->dim; c++) {
        y[c] -= top + log(total);
        bound[c] += worst + 4 * unit * (spec->dim + 2 + fabs(y[c]) +
                                        log(total));
    }
}

// The bias and the activation that come last, of column j.
static void finish(const struct kernel_spec *spec,
                   const struct operand_data *d, int32_t j, double *y,
                   double *bound)
{
    double bias = spec->tail_bias ? d->tail_bias[j] : 0;
    *bound += unit * (fabs(*y) + fabs(bias));
    *y += bias;
    if (*y < 0 && spec->tail_act != ACT_NONE)
        *y = spec->tail_act == ACT_ELU ? expm1(*y) : 0;
    if (spec->tail_act == ACT_ELU)
        *bound += 4 * unit * fabs(*y);
}

static void multiply(const struct kernel_spec *spec,
                     const struct operand_data *d, double scale, double *y,
                     double *bound)
{
    double *product = y + spec->dim, *error = bound + spec->dim;
    for (int32_t j = 0; j < spec->tail_dim; j++) {
        double size = 0;
        product[j] = error[j] = 0;
        for (int32_t c = 0; c < spec->dim; c++) {
            double w = scale * d->weight[(int64_t)j * spec->dim + c];
            product[j] += w * y[c];
            size += fabs(w * y[c]);
            error[j] += fabs(w) * bound[c];
        }
        error[j] += unit * (spec->dim + 4) * size + 0x1p-126;
        finish(spec, d, j, &product[j], &error[j]);
    }
    size_t n_bytes = (size_t)spec->tail_dim * sizeof(*y);
    memmove(y, product, n_bytes);
    memmove(bound, error, n_bytes);
}

// Four columns share a draw, and rows begin with one of their own.
static void drop(const struct kernel_spec *spec, const struct operand_data *d,
                 int64_t v, double *y, double *bound)
{
    const struct train_state *t = d->state;
    uint64_t stream =
        rng_at(rng_at(t->seed, (uint64_t)t->step), (uint64_t)d->tail_place);
    uint64_t first = (uint64_t)v * (uint64_t)((spec->dim + 3) / 4);
    for (int32_t c = 0; c < spec->dim; c++) {
        uint64_t bits = rng_at(stream, first + (uint64_t)(c / 4));
        bool kept = (bits >> 16 * (c % 4) & 0xffff) >= t->drop_threshold;
        y[c] = kept ? y[c] * (double)t->drop_scale : 0;
        bound[c] = kept ? bound[c] * (double)t->drop_scale + unit * fabs(y[c])
                        : 0;
    }
}

static void add_residual(const struct kernel_spec *spec,
                         const struct operand_data *d, int64_t v, double *y,
                         double *bound)
{
    const float *row = d->residual + v * spec->residual_pitch;
    for (int32_t c = 0; c < spec_out_dim(spec); c++) {
        y[c] += (double)row[c];
        bound[c] += unit * (fabs(y[c]) + bound[c]);
    }
}

void oracle_tail(const struct kernel_spec *spec, const struct operand_data *d,
                 int64_t v, double *y, double *bound)
{
    switch (spec->tail) {
    case TAIL_LOG_SOFTMAX:
        log_softmax(spec, y, bound);
        break;
    case TAIL_LINEAR:
        multiply(spec, d, 1, y, bound);
        break;
    case TAIL_SCALED_LINEAR:
        multiply(spec, d, d->dinv[v], y, bound);
        break;
    case TAIL_BIAS_ACT:
        for (int32_t c = 0; c < spec->dim; c++)
            finish(spec, d, c, &y[c], &bound[c]);
        break;
    default:
        break;
    }
    if (spec->drops)
        drop(spec, d, v, y, bound);
    if (spec->residual_pitch)
        add_residual(spec, d, v, y, bound);
}
