#include "plan/scaled_rows.h"

#include <string.h>

#include "plan/products.h"

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

// The narrow product of which the step is a copy that rounds, where it alone
// reads it; else NULL.
static struct step *product_rounded(struct program *p, const struct step *s)
{
    struct step *product =
        s->kind == STEP_BIAS_ACT ? writer_of(p, s->x) : NULL;
    bool is = product && s->bias < 0 && s->act == ACT_NONE && s->x != s->out &&
              is_narrow_product(p, product) && count_readers(p, s->x) == 1;
    return is ? product : NULL;
}

void program_round_products(struct program *p)
{
    for (int32_t i = 0; i < p->n_steps; i++) {
        struct step *s = &p->steps[i], *product = product_rounded(p, s);
        if (!product)
            continue;
        product->out = s->out;
        p->n_steps--;
        memmove(s, s + 1, (size_t)(p->n_steps - i) * sizeof(*s));
        i--;
    }
}

void program_scale_rows(struct program *p)
{
    for (int32_t i = 0; i < p->n_steps; i++) {
        struct step *s = &p->steps[i];
        if (!is_gcn(s) || count_readers(p, s->x) != 1)
            continue;
        struct step *product = writer_of(p, s->x);
        if (!product || !is_narrow_product(p, product) ||
            p->buffers[s->x].dtype == DTYPE_F16)
            continue;
        product->norm = NORM_GCN;
        s->norm = NORM_SCALED;
        s->self_term = SELF_SCALED;
    }
}
