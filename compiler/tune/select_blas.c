// BLAS as a rival of the kernels for a product.
#include <stdio.h>
#include <string.h>

#include "cuda/cuda_epilogue.h"
#include "tune/recall.h"
#include "tune/select_state.h"

// BLAS has the product, too, and with it what ends it in place; dropout and a
// residual it has not.
static bool blas_may_do(const struct kernel_spec *k)
{
    return k->kind == STEP_LINEAR && spec_is_f32(k) && k->norm == NORM_NONE &&
           !k->drops && !k->residual_pitch && !spec_has_slabs(k) &&
           (k->tail == TAIL_NONE ||
            (k->tail == TAIL_BIAS_ACT && k->tail_act != ACT_ELU));
}

bool question_has_blas(const struct question *q)
{
    return blas_may_do(&q->op.spec);
}

// Without cuBLASLt, which is no failure, there is no race to lose.
static bool lacks_ending(const struct selector *s, const struct question *q)
{
    return q->op.spec.tail != TAIL_NONE && !cuda_has_epilogues(s->wb->cuda);
}

void question_name_blas(const struct selector *s, struct question *q)
{
    size_t n = strlen(q->op.key);
    if (question_has_blas(q) && question_is_to_time(s, q))
        recall_blas(s->wb, q->op.key + n, sizeof(q->op.key) - n);
}

gnnac_status question_add_blas(struct selector *s, struct question *q,
                               gnnac_error *err)
{
    static const struct candidate rival = {
        .rule = "blas", .why = "no kernel of ours was faster"};
    struct variant v = variant_of_blas(&q->op.spec);
    int32_t at = -1;
    if (!question_has_blas(q) || !question_is_to_time(s, q) ||
        q->n_options == MAX_CANDIDATES || lacks_ending(s, q))
        return GNNAC_OK;
    gnnac_status st = selection_add(s->sel, &v, &at, err);
    if (st == GNNAC_OK)
        question_take(q, at, &rival);
    return st == GNNAC_OK && q->space.n ? space_add_blas(&q->space, err) : st;
}

static bool is_blas(const struct selector *s, const struct question *q)
{
    return variant_is_blas(&s->sel->variants[q->answer]);
}

// What would have ended the product in its kernel, on its own.
static gnnac_status ask_ending(struct selector *s, const struct model *m,
                               struct program *p, int32_t step,
                               gnnac_error *err)
{
    const struct csr *g = s->graph->stored;
    struct question *q = &s->questions[s->n_questions++];
    p->steps[step].fused = false;
    *q = (struct question){.step = step};
    opspec_of_step(m, p, &p->steps[step], g->n_nodes, g->n_edges, &q->op);
    return question_prepare(s, q, err);
}

gnnac_status questions_leave_to_blas(struct selector *s, const struct model *m,
                                     struct program *p, gnnac_error *err)
{
    size_t n = s->n_questions;
    for (size_t i = 0; i < n; i++) {
        const struct question *q = &s->questions[i];
        struct step *step = &p->steps[q->step];
        if (!is_blas(s, q))
            continue;
        bool ends = step_tail(p, step) != NULL;
        step->left_to_blas = true;
        gnnac_status st =
            ends ? ask_ending(s, m, p, q->step + 1, err) : GNNAC_OK;
        if (st != GNNAC_OK)
            return st;
    }
    gnnac_status st = GNNAC_OK;
    if (s->n_questions > n)
        st = selector_build_needed(s, err);
    return st == GNNAC_OK ? questions_answer(s, n, err) : st;
}
