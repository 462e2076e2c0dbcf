// Whether two kernels are asked to do the same.
#ifndef GNNAC_SAME_SPEC_H
#define GNNAC_SAME_SPEC_H

#include "plan/spec.h"

static inline bool same_numbers(const struct kernel_spec *a,
                                const struct kernel_spec *b)
{
    return a->dim == b->dim && a->x_pitch == b->x_pitch &&
           a->out_pitch == b->out_pitch && a->self_pitch == b->self_pitch &&
           a->grad_pitch == b->grad_pitch && a->offset_bits == b->offset_bits &&
           a->depth == b->depth && a->heads == b->heads &&
           a->channels == b->channels && a->tail_dim == b->tail_dim &&
           a->residual_pitch == b->residual_pitch &&
           a->x_slab == b->x_slab && a->out_slab == b->out_slab &&
           a->self_slab == b->self_slab;
}

// Bytes between its members are anybody's.
static inline bool same_spec(const struct kernel_spec *a,
                             const struct kernel_spec *b)
{
    return same_numbers(a, b) && a->kind == b->kind && a->x_type == b->x_type &&
           a->out_type == b->out_type && a->self_type == b->self_type &&
           a->norm == b->norm && a->self_term == b->self_term &&
           a->bias == b->bias && a->act == b->act &&
           a->smallest == b->smallest && a->edges == b->edges &&
           a->tail == b->tail && a->adds == b->adds && a->drops == b->drops &&
           a->tail_bias == b->tail_bias && a->tail_act == b->tail_act &&
           a->whole == b->whole;
}

#endif
