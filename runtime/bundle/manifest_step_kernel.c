// Whether the kernel of a step fits it, whatever program the step is of.
#include "bundle/manifest.h"

static bool is_model_step(const struct step *s)
{
    return s->kind < N_MODEL_STEP_KINDS;
}

// Values of edges, and their numbers: what the step has of them.
static bool has_edge_operand(const struct step *s, enum launch_arg a)
{
    switch (a) {
    case ARG_EDGE_VALUES:
        return s->edges > 0 || step_reads_features(s);
    case ARG_EDGE_OUT:
        return s->kind == STEP_SDDMM;
    default:
        return s->edges > 0 || !is_model_step(s);
    }
}

static bool keeps(enum step_kind kind)
{
    return kind >= STEP_ATTENTION_KEEP && kind <= STEP_ATTENTION_V2_GRAD;
}

static bool is_fused_with_product(const struct program *p, const struct step *s)
{
    const struct step *tail = step_tail(p, s);
    return tail && tail->kind == STEP_LINEAR;
}

static bool is_fused_with_bias(const struct program *p, const struct step *s)
{
    const struct step *ending = step_ending(p, s);
    return ending != s && ending->bias != -1;
}

// Whether the step, or the one that its kernel does as well, has the operand.
static bool step_can_pass(const struct program *p, const struct step *s,
                          enum launch_arg a)
{
    const struct step *tail = step_tail(p, s);
    if (a == ARG_EDGE_VALUES || a == ARG_EDGE_OUT || a == ARG_EDGE_OF)
        return has_edge_operand(s, a);
    if (a == ARG_KEPT)
        return keeps(s->kind);
    if (a == ARG_ATT_ROWS)
        return s->att_rows > 0;
    if (launch_arg_of_whole(a))
        return false;
    if (a == ARG_TAIL_PLACE)
        return step_drops_result(p, s);
    if (launch_arg_trains(a)) // what it lacks is found at its launch
        return !is_model_step(s) ||
               (a == ARG_STATE && step_drops_result(p, s));
    switch (a) {
    case ARG_OUT:
        return s->kind != STEP_SDDMM;
    case ARG_SELF:
        return s->self != -1;
    case ARG_RESIDUAL:
        return step_residual(p, s) != NULL;
    case ARG_BIAS:
        return s->bias != -1;
    case ARG_TAIL_BIAS:
        return is_fused_with_bias(p, s);
    case ARG_WEIGHT:
        return s->kind == STEP_LINEAR || s->kind == STEP_SPARSE_LINEAR ||
               is_fused_with_product(p, s);
    case ARG_EPS:
        return s->eps != -1;
    case ARG_ATT_SRC:
    case ARG_ATT_DST:
        return s->kind == STEP_ATTENTION_SCORES ||
               s->kind == STEP_ATTENTION_SCORES_GRAD;
    case ARG_ATT:
        return step_is_attention_v2(s->kind);
    case ARG_DINV:
        return step_reads_dinv(s) || (tail && step_reads_dinv(tail));
    case ARG_SOURCE_ROW:
        return s->kind == STEP_GRAPH_ORDER || s->kind == STEP_INPUT_ORDER;
    default:
        return true;
    }
}

// A grid of nothing would run nothing, and say nothing.
static bool step_counts(const struct step *s, enum grid_count count)
{
    return count != GRID_WEIGHTS || s->kind == STEP_OPTIMIZER;
}

static enum dtype type_of(const struct program *p, int32_t buffer)
{
    return buffer >= 0 ? p->buffers[buffer].dtype : DTYPE_F32;
}

struct fit {
    const struct program *p;
    const struct step *s;
    const struct kernel *k;
    gnnac_error *err;
};

#define BAD(what)                                                       \
    FAIL(f->err, GNNAC_EFORMAT, "manifest: step %d (%s): its kernel %s", \
         (int)(f->s - f->p->steps), step_kind_name(f->s->kind), what)

// That it was made for what the step reads and writes.
static gnnac_status check_made_for(const struct fit *f,
                                   const struct manifest *m)
{
    const struct program *p = f->p;
    const struct step *s = f->s;
    const struct kernel *k = f->k;
    if (k->dim != step_dim(p, s))
        return BAD("was made for another width");
    if (step_heads(p, s) && !k->heads)
        return BAD("does not say for how many heads it was made: compile the "
                   "bundle anew");
    if (k->heads != step_heads(p, s))
        return BAD("was made for another number of heads");
    if (k->x_type != type_of(p, s->x) || k->out_type != type_of(p, s->out) ||
        k->self_type != type_of(p, s->self))
        return BAD("was made for another dtype");
    if (!manifest_slabs_fit(k, p, s))
        return BAD("was made for other slabs");
    if (k->offset_bits < step_offset_bits(p, s, m->n_nodes, m->n_stored_edges))
        return BAD("has 32-bit offsets, which overflow");
    return GNNAC_OK;
}

// That it asks for nothing that the step does not have.
static gnnac_status check_asked(const struct fit *f)
{
    const struct launch *l = f->k->launches;
    for (int32_t i = 0; i < f->k->n_launches; i++)
        if (!step_counts(f->s, l[i].count))
            return BAD("counts what the step does not have");
    for (int32_t i = 0; i < f->k->n_launches; i++)
        for (int32_t j = 0; j < l[i].n_args; j++)
            if (!step_can_pass(f->p, f->s, l[i].args[j]))
                return BAD("asks for an operand that the step does not have");
    return GNNAC_OK;
}

// That it takes what the step, and those fused with it, cannot be done without:
// a kernel that does less would run, and be wrong.
static gnnac_status check_taken(const struct fit *f)
{
    const struct program *p = f->p;
    const struct step *s = f->s;
    const struct {
        bool needed;
        enum launch_arg arg;
        const char *lack;
    } all[] = {
        {s->edges || step_reads_features(s), ARG_EDGE_VALUES,
         "does not read the edges' weights"},
        {is_fused_with_product(p, s), ARG_WEIGHT, "multiplies by no weight"},
        {is_fused_with_bias(p, s), ARG_TAIL_BIAS, "adds no bias"},
        {step_drops_result(p, s), ARG_TAIL_PLACE, "drops nothing"},
        {step_residual(p, s), ARG_RESIDUAL, "adds no residual"},
        {s->kind == STEP_SDDMM, ARG_EDGE_OUT, "writes no values of edges"},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i].needed && !kernel_takes(f->k, all[i].arg))
            return BAD(all[i].lack);
    return GNNAC_OK;
}

gnnac_status manifest_check_step_kernel(const struct manifest *m,
                                        const struct program *p, int32_t index,
                                        gnnac_error *err)
{
    const struct step *s = &p->steps[index];
    struct fit of = {.p = p, .s = s, .err = err}, *f = &of;
    if (s->kernel < 0 || s->kernel >= m->n_kernels)
        return BAD("is not there");
    f->k = &m->kernels[s->kernel];
    gnnac_status st = check_made_for(f, m);
    if (st == GNNAC_OK)
        st = check_asked(f);
    return st == GNNAC_OK ? check_taken(f) : st;
}
