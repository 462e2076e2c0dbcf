// Which products of matrices have a kernel of ours; BLAS has the others.
#ifndef GNNAC_PRODUCTS_H
#define GNNAC_PRODUCTS_H

#include "bundle/program.h"
#include "plan/device.h"

// One with at most 16 columns: BLAS's tiles are wider (templates/README.md has
// times).
bool is_narrow(int32_t columns);
bool is_narrow_product(const struct program *p, const struct step *s);

// Whether an architecture's tensor cores are so much faster than its other
// units that three products of tf32 make up for one of float32.
bool has_fast_tensor_cores(int32_t arch);

// Marks the products of more columns, all float32, that tensor cores compute
// sooner than BLAS (templates/linear_mma.cu.lua), on a device where they are
// fast. A great depth of few rows is left to BLAS, which shares it among
// blocks. On a lowered program, before rows are scaled and steps fused.
void program_claim_products(struct program *p, const struct device *d,
                            int64_t n_rows);

// Whether a kernel of ours computes the step, a product.
bool is_own_product(const struct program *p, const struct step *s);

#endif
