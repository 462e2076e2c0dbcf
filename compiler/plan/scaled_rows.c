#include "plan/scaled_rows.h"

enum { NARROW_PRODUCT = 16 };

bool is_narrow_product(const struct program *p, const struct step *s)
{
    const struct buffer *x = &p->buffers[s->x], *out = &p->buffers[s->out];
    return s->kind == STEP_LINEAR && out->dim <= NARROW_PRODUCT &&
           x->dtype == DTYPE_F32 && out->dtype == DTYPE_F32;
}

static int32_t count_readers(const struct program *p, int32_t buffer)
{
    int32_t n = 0;
    for (int32_t i = 0; i < p->n_steps; i++)
        n += p->steps[i].x == buffer || p->steps[i].self == buffer;
    return n;
}

// The one step that writes the buffer; NULL: none, or several.
static struct step *writer_of(struct program *p, int32_t buffer)
{
    struct step *found = NULL;
    for (int32_t i = 0; i < p->n_steps; i++) {
        if (p->steps[i].out != buffer)
            continue;
        if (found)
            return NULL;
        found = &p->steps[i];
    }
    return found;
}

static bool is_gcn(const struct step *s)
{
    return s->kind == STEP_AGGREGATE && s->norm == NORM_GCN &&
           s->self_term == SELF_GCN && s->self == s->x;
}

void program_scale_rows(struct program *p)
{
    for (int32_t i = 0; i < p->n_steps; i++) {
        struct step *s = &p->steps[i];
        if (!is_gcn(s) || count_readers(p, s->x) != 1)
            continue;
        struct step *product = writer_of(p, s->x);
        if (!product || !is_narrow_product(p, product))
            continue;
        product->norm = NORM_GCN;
        s->norm = NORM_SCALED;
        s->self_term = SELF_SCALED;
    }
}
