#include "plan/products.h"

enum { NARROW_PRODUCT = 16, LEAST_DEPTH = 16, SHALLOW = 128, DEEP = 1024 };

static bool is_f32_product(const struct program *p, const struct step *s)
{
    return s->kind == STEP_LINEAR && p->buffers[s->x].dtype == DTYPE_F32 &&
           p->buffers[s->out].dtype == DTYPE_F32;
}

bool is_narrow(int32_t columns)
{
    return columns <= NARROW_PRODUCT;
}

bool is_narrow_product(const struct program *p, const struct step *s)
{
    return s->kind == STEP_LINEAR && is_narrow(p->buffers[s->out].dim);
}

// Data centre GPUs: eight times the float32 rate in tf32, others two times.
bool has_fast_tensor_cores(int32_t arch)
{
    return arch == 80 || arch == 90 || arch == 100;
}

void program_claim_products(struct program *p, const struct device *d,
                            int64_t n_rows)
{
    bool many_rows = n_rows >= 128 * d->sm_count;
    int32_t most = many_rows ? DEEP : SHALLOW;
    for (int32_t i = 0; i < p->n_steps && has_fast_tensor_cores(d->arch); i++) {
        struct step *s = &p->steps[i];
        int32_t depth = is_f32_product(p, s) ? p->buffers[s->x].dim : 0;
        s->claimed = depth >= LEAST_DEPTH && depth <= most &&
                     !is_narrow_product(p, s);
    }
}

bool is_own_product(const struct program *p, const struct step *s)
{
    return !s->left_to_blas && (is_narrow_product(p, s) || s->claimed);
}
