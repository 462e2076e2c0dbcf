#include "kernel/kernel_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "plan/fuse.h"
#include "plan/opspec.h"
#include "plan/scaled_rows.h"
#include "plan/whole.h"

// -1: no such field or value.
static int set_field(struct kernel_case *k, const char *name, const char *value)
{
    struct kernel_spec *s = &k->spec;
    const struct {
        const char *name;
        int32_t *number;
    } fields[] = {
        {"dim", &s->dim},           {"x", &s->x_pitch},
        {"out", &s->out_pitch},     {"self_pitch", &s->self_pitch},
        {"grad", &s->grad_pitch},   {"offset", &s->offset_bits},
        {"depth", &s->depth},       {"heads", &s->heads},
        {"channels", &s->channels}, {"tail_dim", &s->tail_dim},
        {"in", &k->request.dim},    {"hidden", &k->request.hidden},
        {"mlp", &k->request.mlp},   {"classes", &k->request.classes},
        {"layers", &k->request.layers},
        {"x_slab", &s->x_slab},     {"out_slab", &s->out_slab},
        {"self_slab", &s->self_slab}, {"residual", &s->residual_pitch},
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (strcmp(fields[i].name, name) == 0)
            return *fields[i].number = atoi(value);
    if (strcmp(name, "model") == 0)
        return snprintf(k->name, sizeof(k->name), "%s", value);
    int v = dtype_from_name(value);
    if (strcmp(name, "type") == 0) {
        s->x_type = s->out_type = s->self_type = (enum dtype)v;
        return v;
    }
    if (strcmp(name, "x_type") == 0)
        return (int)(s->x_type = (enum dtype)v);
    if (strcmp(name, "out_type") == 0)
        return (int)(s->out_type = (enum dtype)v);
    if (strcmp(name, "self_type") == 0)
        return (int)(s->self_type = (enum dtype)v);
    v = -1;
    if (strcmp(name, "norm") == 0)
        s->norm = (enum norm)(v = norm_from_name(value));
    else if (strcmp(name, "self") == 0)
        s->self_term = (enum self_term)(v = self_term_from_name(value));
    else if (strcmp(name, "act") == 0)
        s->act = (enum activation)(v = activation_from_name(value));
    else if (strcmp(name, "tail_act") == 0)
        s->tail_act = (enum activation)(v = activation_from_name(value));
    else if (strcmp(name, "tail") == 0)
        s->tail = (enum tail)(v = tail_from_name(value));
    else if (strcmp(name, "edges") == 0)
        s->edges = (enum edge_order)(v = edge_order_from_name(value));
    else if (strcmp(name, "bias") == 0)
        s->bias = (v = atoi(value)) > 0;
    else if (strcmp(name, "tail_bias") == 0)
        s->tail_bias = (v = atoi(value)) > 0;
    else if (strcmp(name, "adds") == 0)
        s->adds = (v = atoi(value)) > 0;
    else if (strcmp(name, "drops") == 0)
        s->drops = (v = atoi(value)) > 0;
    else if (strcmp(name, "smallest") == 0)
        s->smallest = (v = atoi(value)) > 0;
    else if ((v = family_knob(k->point.family, name)) >= 0)
        k->point.values[v] = atoll(value);
    return v;
}

static void set_defaults(struct kernel_case *k)
{
    const struct family *f = k->point.family;
    for (size_t i = 0; i < f->n_knobs; i++)
        k->point.values[i] = f->knobs[i].dflt;
    k->spec.offset_bits = 32;
}

static bool is_v2(const char *op)
{
    return strncmp(op, "attention_v2", 12) == 0;
}

// Attention in training keeps numbers behind the scores, or GATv2's rows.
static bool keeps(const char *op)
{
    return strncmp(op, "attention_", 10) == 0 &&
           strcmp(op, "attention_scores") != 0 &&
           strcmp(op, "attention_v2") != 0;
}

static bool reads_gradient(const char *op)
{
    return keeps(op) || strncmp(op, "extreme_", 8) == 0;
}

// Columns of self, which holds attention's scores or GATv2's rows.
static int32_t self_dim(const struct kernel_spec *s, const char *op)
{
    if (strncmp(op, "attention", 9) != 0)
        return s->dim;
    if (is_v2(op))
        return s->dim + (keeps(op) ? ATTENTION_V2_KEPT * s->heads : 0);
    return (keeps(op) ? ATTENTION_KEPT : 2) * s->heads;
}

static void set_pitches(struct kernel_spec *s, const char *op)
{
    bool turned = strcmp(op, "sparse_linear") == 0;
    const struct {
        int32_t *pitch, dim, slab;
    } all[] = {{&s->x_pitch, turned ? padded_pitch(s->dim) : kernel_x_dim(s),
                s->x_slab},
               {&s->out_pitch, spec_out_dim(s), s->out_slab},
               {&s->self_pitch, self_dim(s, op), s->self_slab}};
    for (int i = 0; i < 3; i++) {
        int32_t to = all[i].slab > 0 ? all[i].slab : 1;
        if (*all[i].pitch == 0)
            *all[i].pitch = (all[i].dim + to - 1) / to * to;
    }
}

// What all steps of the model ask of a kernel.
static gnnac_status lower_whole(struct kernel_case *k, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct program *p = calloc(1, sizeof(*p));
    if (!p)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    k->request.name = k->name;
    TRY(model_build(&k->request, &k->model, err));
    TRY(lower_model(&k->model, 100, 300, p, err));
    program_scale_rows(p);
    program_fuse(p, false);
    if (!whole_program(p, &k->program))
        st = FAIL(err, GNNAC_EUSAGE, "no kernel runs all of its steps");
    else
        k->spec = kernel_spec_of(&k->program,
                                 &k->program.steps[k->program.n_steps - 1], 100,
                                 300);
out:
    free(p);
    return st;
}

gnnac_status kernel_case_parse(const struct family_list *families,
                               const char *line, struct kernel_case *out,
                               gnnac_error *err)
{
    char copy[512], *rest = NULL;
    struct kernel_case k = {0};
    snprintf(copy, sizeof(copy), "%s", line);
    const char *name = strtok_r(copy, " ", &rest);
    k.point.family = name ? family_find(families, name) : NULL;
    if (!k.point.family)
        return FAIL(err, GNNAC_EUSAGE, "%s: no such family", line);
    set_defaults(&k);
    for (char *word; (word = strtok_r(NULL, " ", &rest));) {
        char *value = strchr(word, '=');
        if (value)
            *value++ = '\0';
        if (!value || set_field(&k, word, value) < 0)
            return FAIL(err, GNNAC_EUSAGE, "%s: '%s'?", line, word);
    }
    const char *op = k.point.family->op;
    k.spec.kind = step_kind_of_op(op);
    if (k.spec.heads)
        k.spec.dim = strcmp(op, "attention_scores") == 0 ||
                             strcmp(op, "attention_rows_grad") == 0
                         ? 2 * k.spec.heads
                         : k.spec.heads * k.spec.channels;
    set_pitches(&k.spec, op);
    if (reads_gradient(op) && k.spec.grad_pitch == 0)
        k.spec.grad_pitch = kernel_x_dim(&k.spec);
    *out = k;
    return strcmp(op, "whole_model") == 0 ? lower_whole(out, err) : GNNAC_OK;
}
