// gnnac inspect BUNDLE: what is inside, and the texts of its kernels. Opening a
// bundle validates every byte, so whatever is printed here was checked.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "bundle/manifest.h"
#include "bundle/whole_layout.h"
#include "cli/cli.h"
#include "jit/cubin.h"
#include "plan/fuse.h"
#include "plan/slabs.h"
#include "tune/prune.h"

// ---- one kernel's text ------------------------------------------------------

static gnnac_status no_kernel(const char *path, const struct manifest *m,
                              const char *name, gnnac_error *err)
{
    struct nearest n = {.wanted = name};
    char hint[96];
    for (int32_t k = 0; k < m->n_kernels; k++)
        nearest_offer(&n, m->kernels[k].name);
    return FAIL(err, GNNAC_ENOENT,
                "%s: no kernel '%s'%s; it has %d, numbered from 0", path, name,
                nearest_hint(&n, hint, sizeof(hint)), (int)m->n_kernels);
}

// By its name or by its number.
static gnnac_status find_kernel(const char *path, const struct manifest *m,
                                const char *name, int32_t *out,
                                gnnac_error *err)
{
    for (int32_t k = 0; k < m->n_kernels; k++) {
        char number[16];
        snprintf(number, sizeof(number), "%" PRId32, k);
        if (strcmp(m->kernels[k].name, name) == 0 ||
            strcmp(number, name) == 0) {
            *out = k;
            return GNNAC_OK;
        }
    }
    return no_kernel(path, m, name, err);
}

static gnnac_status print_text(const char *path, const gnnac_bundle *b,
                               const char *name, const char *form,
                               gnnac_error *err)
{
    int32_t k = 0;
    size_t n = 0;
    gnnac_status st = find_kernel(path, b->manifest, name, &k, err);
    if (st != GNNAC_OK)
        return st;
    const void *text = bundle_kernel_image(b, k, form, &n);
    if (!text)
        return FAIL(err, GNNAC_ENOENT, "%s: kernel %s has no %s", path,
                    b->manifest->kernels[k].name, form);
    fwrite(text, 1, n, stdout); // main checks stdout at the end
    return GNNAC_OK;
}

// ---- the table --------------------------------------------------------------

// Whether two runs give the same bits, and who says so.
static void print_repeats(const struct manifest *m)
{
    bool none = true;
    printf("repeats     ");
    for (int32_t k = 0; k < m->n_kernels; k++) {
        if (!m->kernels[k].atomics)
            continue;
        printf("%s %d", none ? " no: atomics in kernel" : ",", (int)k);
        none = false;
    }
    if (none)
        printf(" bit by bit%s", m->repeats ? ", as --deterministic wants" : "");
    printf("\n");
}

static void print_head(const char *path, const gnnac_bundle *b)
{
    const struct manifest *m = b->manifest;
    printf("bundle       %s (%zu bytes, %zu tensors)\n", path, b->n_bytes,
           b->tensors.n_tensors);
    printf("format       %d.%d, written by %s\n", (int)m->format_major,
           (int)m->format_minor, m->generator);
    printf("graph        %" PRId64 " nodes, %" PRId64 " edges%s\n", m->n_nodes,
           m->n_edges,
           m->self_loops_removed ? ", stored without self loops" : "");
    printf("fingerprint  %s\n", m->fingerprint);
    if (m->reorder.method[0])
        printf("order        %s: %s\n", m->reorder.method, m->reorder.why);
    printf("built for   ");
    for (int32_t i = 0; i < m->n_archs; i++)
        printf(" %s", m->archs[i]);
    printf("%s%s\ntoolchain    %s\n", m->ptx_arch[0] ? " " : "", m->ptx_arch,
           m->toolchain);
    print_repeats(m);
}

static void print_layers(const struct model *model)
{
    printf("model        %s\n\n", model->name);
    printf("layer  op     in -> out      activation\n");
    for (int32_t i = 0; i < model->n_layers; i++) {
        const struct layer *l = &model->layers[i];
        char widths[32];
        snprintf(widths, sizeof(widths), "%d -> %d", (int)l->in_dim,
                 (int)l->out_dim);
        printf("%5d  %-5s  %-14s %s%s\n", (int)i, conv_op_name(l->op), widths,
               activation_name(l->act), l->residual ? ", + input" : "");
    }
}

static void print_time(double median_ns)
{
    if (isnan(median_ns))
        printf("  %10s", "-");
    else
        printf("  %7.1f us", median_ns / 1000);
}

static void print_step(const struct program *p, int32_t index, int kind_width)
{
    const struct step *s = &p->steps[index];
    char kernel[12] = "BLAS";
    if (s->kernel >= 0)
        snprintf(kernel, sizeof(kernel), "%d", (int)s->kernel);
    printf("%4d  %5d  %-*s  %6s", (int)index, (int)s->layer, kind_width,
           step_kind_name(s->kind), kernel);
}

static void print_choices(const struct manifest *m)
{
    printf("\nstep  layer  kind         kernel        time  rule (level)\n");
    for (int32_t i = 0; i < m->n_choices; i++) {
        const struct choice *c = &m->choices[i];
        const struct step *s = &m->program.steps[c->step];
        print_step(&m->program, c->step, 11);
        print_time(c->median_ns);
        char then[64], slabs[64];
        tail_text(&m->program, s, then);
        slabs_text(&m->program, s, slabs);
        printf("  %s (%s)%s%s%s%s\n", c->rule, c->level,
               then[0] ? ", then " : "", then,
               slabs[0] ? "; slab-major: " : "", slabs);
    }
}

static const struct choice *choice_of(const struct derived_kernels *d,
                                      int32_t step)
{
    for (int32_t i = 0; i < d->n_choices; i++)
        if (d->choices[i].step == step)
            return &d->choices[i];
    return NULL;
}

// Steps that stand for others where the features come by sparse rows; their
// choices, where the writer kept them.
static void print_sparse(const struct manifest *m)
{
    struct program p;
    printf("\nfeatures by sparse rows\n"
           "step  layer  kind           kernel        time  rule (level)\n");
    manifest_read_sparse(m, &p);
    for (int32_t i = 0; i < p.n_steps; i++) {
        const struct choice *c = choice_of(&m->sparse, i);
        if (p.steps[i].kind != STEP_SPARSE_LINEAR)
            continue;
        print_step(&p, i, 13);
        print_time(c ? c->median_ns : NAN);
        if (c)
            printf("  %s (%s)", c->rule, c->level);
        printf("\n");
    }
}

static void print_whole(const struct whole_model *w)
{
    printf("\nall steps at once    kernel        time   by steps  rule "
           "(level)\n                     %6d",
           (int)w->kernel);
    print_time(w->median_ns);
    printf(" ");
    print_time(w->steps_ns);
    printf("  %s (%s)\n", w->rule, w->level);
}

// Each operator's name once, before its first step.
static void print_operator_choices(const struct operator_kernels *o)
{
    for (int32_t i = 0; i < o->n_choices; i++) {
        const struct choice *c = &o->choices[i];
        printf("%-16s  %4d  %6d", i ? "" : o->key, (int)c->step,
               (int)o->steps[c->step].kernel);
        print_time(c->median_ns);
        printf("  %s (%s)\n", c->rule, c->level);
    }
}

static void print_operators(const struct manifest *m)
{
    printf("\noperator          kernels, forward then backward\n");
    for (int32_t i = 0; i < m->operators.n_list; i++) {
        const struct operator_kernels *o = &m->operators.list[i];
        printf("%-16s ", o->key);
        for (int32_t s = 0; s < o->n_steps; s++)
            printf(" %d", (int)o->steps[s].kernel);
        printf("\n");
    }
    printf("\noperator          step  kernel        time  rule (level)\n");
    for (int32_t i = 0; i < m->operators.n_list; i++)
        print_operator_choices(&m->operators.list[i]);
}

// What a kernel needs of a thread, a block and a multiprocessor of the first
// architecture; a dash where its image does not tell.
static void print_needs(const struct device *d, const struct kernel *kernel,
                        const void *image, size_t n)
{
    struct cubin_needs needs;
    if (!image || !cubin_needs(image, n, &needs)) {
        printf("%9s  %5s  %6s  %7s", "-", "-", "-", "-");
        return;
    }
    printf("%9d  %5d  %6d  %4" PRId64 "/%d", needs.registers, needs.stack,
           needs.shared,
           resident_warps(d, kernel, needs.registers, needs.shared),
           (int)arch_residents(d->arch).warps);
}

static void print_kernels(const gnnac_bundle *b)
{
    const struct manifest *m = b->manifest;
    struct device d;
    int32_t arch = 0;
    if (m->n_archs > 0 && arch_parse(m->archs[0], &arch, NULL) != GNNAC_OK)
        arch = 0;
    device_typical(arch, &d);
    printf("\nkernel  cubin bytes  registers  stack  shared    warps  name\n");
    for (int32_t k = 0; k < m->n_kernels; k++) {
        size_t n = 0;
        const void *image =
            m->n_archs > 0 ? bundle_kernel_image(b, k, m->archs[0], &n) : NULL;
        printf("%6d  %11zu  ", (int)k, image ? n : 0);
        print_needs(&d, &m->kernels[k], image, n);
        printf("  %s\n", m->kernels[k].name);
    }
}

static void print_table(const char *path, const gnnac_bundle *b)
{
    print_head(path, b);
    if (has_model(b->manifest)) {
        print_layers(&b->manifest->model);
        print_choices(b->manifest);
    }
    if (strcmp(b->manifest->sparse.rules, SPARSE_RULES) == 0)
        print_sparse(b->manifest);
    if (has_whole(b->manifest))
        print_whole(&b->manifest->whole);
    if (b->manifest->operators.rules[0])
        print_operators(b->manifest);
    print_kernels(b);
}

// ---- the command ------------------------------------------------------------

gnnac_status cmd_inspect(const struct options *o, gnnac_error *err)
{
    gnnac_bundle *b = NULL;
    const char *path = o->args[0];
    gnnac_status st = gnnac_bundle_open(path, &b, err);
    if (st != GNNAC_OK)
        return st;
    if (o->source)
        st = print_text(path, b, o->source, "source", err);
    else if (o->ptx)
        st = print_text(path, b, o->ptx, "ptx", err);
    else if (o->check)
        printf("%s: ok, %zu bytes in %zu tensors\n", path, b->n_bytes,
               b->tensors.n_tensors);
    else if (o->json)
        printf("%s\n", b->manifest_text);
    else
        print_table(path, b);
    gnnac_bundle_close(b);
    return st;
}
