// What BLAS may make of a layer's operands (gnnac_math).
#include "reference/reference.h"

// A half below 2^-14 is a multiple of 2^-24, so its error is absolute; the
// other forms have float32's exponents, and may lose what is subnormal.
static const struct rounding {
    double unit, tiny;
} roundings[] = {[GNNAC_MATH_F32] = {0, 0},
                 [GNNAC_MATH_TF32] = {0x1p-11, 0x1p-126},
                 [GNNAC_MATH_BF16] = {0x1p-8, 0x1p-126},
                 [GNNAC_MATH_F16] = {0x1p-11, 0x1p-25}};

void reference_math(const struct gnnac_model *m, struct conv *c)
{
    const struct rounding *r = &roundings[m->math];
    c->unit = m->blas_layers[c->index] ? r->unit : 0;
    c->tiny = m->blas_layers[c->index] ? r->tiny : 0;
}
