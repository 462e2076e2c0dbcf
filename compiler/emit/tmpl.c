#include "emit/tmpl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emit/point.h"
#include "plan/fuse.h"
#include "plan/whole.h"

static gnnac_status check_slabs(const struct family *f,
                                const struct kernel_spec *s, gnnac_error *err)
{
    if ((!f->slabs && spec_has_slabs(s)) ||
        ((s->x_slab || s->self_slab) && !step_reads_slabs(s->kind)))
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "%s: knows no such slab-major matrix", f->name);
    if (!slab_fits(s->x_slab, s->x_pitch, s->x_type) ||
        !slab_fits(s->out_slab, s->out_pitch, s->out_type) ||
        !slab_fits(s->self_slab, s->self_pitch, s->self_type))
        return FAIL(err, GNNAC_EUSAGE,
                    "no kernel has slabs of %d, %d and %d columns with pitches "
                    "%d, %d, %d",
                    (int)s->x_slab, (int)s->out_slab, (int)s->self_slab,
                    (int)s->x_pitch, (int)s->out_pitch, (int)s->self_pitch);
    return GNNAC_OK;
}

static gnnac_status check_point(const struct candidate *c,
                                const struct kernel_spec *s, gnnac_error *err)
{
    const struct family *f = c->family;
    for (size_t i = 0; i < f->n_knobs; i++) {
        const struct knob *k = &f->knobs[i];
        if (c->values[i] < k->min || c->values[i] > k->max)
            return FAIL(err, GNNAC_EUNSUPPORTED,
                        "%s: %s is %" PRId64 ", not from %" PRId64
                        " to %" PRId64,
                        f->name, k->name, c->values[i], k->min, k->max);
    }
    bool own = s->self_term != SELF_NONE;
    int32_t x_dim = kernel_x_dim(s);
    if (spec_is_special(s) && !f->tails)
        return FAIL(err, GNNAC_EUNSUPPORTED, "%s: knows no tails (%s)",
                    f->name,
                    s->tail             ? tail_name(s->tail)
                    : s->drops          ? "dropout"
                    : s->residual_pitch ? "residual"
                                        : "adds");
    if (s->dim < 1 || s->x_pitch < x_dim || s->out_pitch < spec_out_dim(s) ||
        (own && s->self_pitch < s->dim) ||
        (s->residual_pitch && s->residual_pitch < spec_out_dim(s)) ||
        (s->offset_bits != 32 && s->offset_bits != 64))
        return FAIL(err, GNNAC_EUSAGE,
                    "no kernel has width %d with pitches %d, %d, %d and %d-bit "
                    "offsets",
                    (int)s->dim, (int)s->x_pitch, (int)s->out_pitch,
                    (int)s->self_pitch, (int)s->offset_bits);
    return check_slabs(f, s, err);
}

// ---- names ------------------------------------------------------------------

static void add_pitch(struct strbuf *b, char tag, int32_t pitch, int32_t dim)
{
    if (pitch != dim)
        strbuf_printf(b, "_%c%d", tag, (int)pitch);
}

static void add_slab(struct strbuf *b, char tag, int32_t slab)
{
    if (slab)
        strbuf_printf(b, "_%cslab%d", tag, (int)slab);
}

// A dtype that differs from x's.
static void add_dtype(struct strbuf *b, char tag, enum dtype type,
                      enum dtype x_type)
{
    if (type != x_type)
        strbuf_printf(b, "_%c%s", tag, dtype_name(type));
}

// Everything that the text depends on, so that profiler, cache and log agree:
// gnnac_row_split_f32_d64_l16_e2_v4_c1_u4_w4_gcn_selfgcn_bias_relu.
static void add_name(struct strbuf *b, const struct unit *u,
                     const struct candidate *c, const struct kernel_spec *s)
{
    strbuf_printf(b, "gnnac_%s_%s_d%d", u->name, dtype_name(s->x_type),
                  (int)s->dim);
    for (size_t i = 0; i < candidate_n_told(c); i++)
        strbuf_printf(b, "_%s%" PRId64, u->tags[i], c->values[i]);
    if (s->depth)
        strbuf_printf(b, "_k%d", (int)s->depth);
    if (s->heads)
        strbuf_printf(b, "_h%dx%d", (int)s->heads, (int)s->channels);
    if (s->norm != NORM_NONE)
        strbuf_printf(b, "_%s", norm_name(s->norm));
    if (s->self_term != SELF_NONE)
        strbuf_printf(b, "_self%s", self_term_name(s->self_term));
    if (s->bias)
        strbuf_puts(b, "_bias");
    if (s->act != ACT_NONE)
        strbuf_printf(b, "_%s", activation_name(s->act));
    if (s->tail)
        strbuf_printf(b, "_%s", tail_name(s->tail));
    if (s->tail_dim)
        strbuf_printf(b, "%d", (int)s->tail_dim);
    if (s->tail_bias)
        strbuf_puts(b, "_tailbias");
    if (s->tail_act != ACT_NONE)
        strbuf_printf(b, "_tail%s", activation_name(s->tail_act));
    if (s->residual_pitch)
        strbuf_puts(b, "_residual");
    if (s->adds)
        strbuf_puts(b, "_adds");
    if (s->smallest)
        strbuf_puts(b, "_smallest");
    if (s->drops)
        strbuf_puts(b, "_drops");
    if (s->edges != EDGES_NONE)
        strbuf_printf(b, "_edges%s", edge_order_name(s->edges));
    add_dtype(b, 'y', s->out_type, s->x_type);
    if (s->self_term != SELF_NONE)
        add_dtype(b, 's', s->self_type, s->x_type);
    add_pitch(b, 'x', s->x_pitch, s->depth ? s->depth : s->dim);
    add_pitch(b, 'y', s->out_pitch, spec_out_dim(s));
    if (s->self_term != SELF_NONE || s->heads || s->self_pitch)
        add_pitch(b, 's', s->self_pitch, s->dim);
    if (s->grad_pitch)
        add_pitch(b, 'g', s->grad_pitch, s->dim);
    if (s->residual_pitch)
        add_pitch(b, 'r', s->residual_pitch, spec_out_dim(s));
    add_slab(b, 'x', s->x_slab);
    add_slab(b, 'y', s->out_slab);
    add_slab(b, 's', s->self_slab);
    if (s->offset_bits == 64)
        strbuf_puts(b, "_o64");
    if (s->whole) {
        char hex[33];
        whole_hash(s->whole, hex);
        strbuf_printf(b, "_p%.12s", hex);
    }
}

static gnnac_status set_name(struct kernel *k, const struct unit *u,
                             const struct candidate *c,
                             const struct kernel_spec *s, gnnac_error *err)
{
    struct strbuf b = {0};
    add_name(&b, u, c, s);
    bool fits = !b.failed && b.n_bytes < sizeof(k->name) - 16;
    if (fits)
        memcpy(k->name, b.text, b.n_bytes + 1);
    strbuf_finish(&b);
    return fits ? GNNAC_OK
                : FAIL(err, GNNAC_EFORMAT,
                       "%s: the kernel's name does not fit %d bytes", u->file,
                       NAME_LEN - 16);
}

// ---- provenance -------------------------------------------------------------

static void add_comment(struct strbuf *b, const char *text)
{
    while (*text == '\n' || *text == ' ')
        text++;
    while (*text) {
        size_t n = strcspn(text, "\n");
        strbuf_puts(b, "// ");
        strbuf_add(b, text + strspn(text, " "), n - strspn(text, " "));
        strbuf_puts(b, "\n");
        text += n + (text[n] == '\n');
    }
}

static void add_provenance(struct strbuf *b, const struct unit *u,
                           const struct candidate *c,
                           const struct kernel_spec *s)
{
    strbuf_printf(b, "// gnnac %s, from %s\n", c->family->op, u->file);
    add_comment(b, u->doc);
    strbuf_puts(b, "//");
    for (size_t i = 0; i < candidate_n_told(c); i++)
        strbuf_printf(b, " %s=%" PRId64, c->family->knobs[i].name,
                      c->values[i]);
    strbuf_printf(b, "\n// %s dim=%d x_pitch=%d out_pitch=%d",
                  dtype_name(s->x_type), (int)s->dim, (int)s->x_pitch,
                  (int)s->out_pitch);
    if (s->self_term != SELF_NONE || s->heads)
        strbuf_printf(b, " self_pitch=%d", (int)s->self_pitch);
    if (s->out_type != s->x_type || s->self_type != s->x_type)
        strbuf_printf(b, " out_type=%s self_type=%s", dtype_name(s->out_type),
                      dtype_name(s->self_type));
    if (s->grad_pitch)
        strbuf_printf(b, " grad_pitch=%d", (int)s->grad_pitch);
    if (s->residual_pitch)
        strbuf_printf(b, " residual_pitch=%d", (int)s->residual_pitch);
    if (spec_has_slabs(s))
        strbuf_printf(b, " x_slab=%d out_slab=%d self_slab=%d", (int)s->x_slab,
                      (int)s->out_slab, (int)s->self_slab);
    if (s->tail)
        strbuf_printf(b, " tail=%s tail_dim=%d", tail_name(s->tail),
                      (int)s->tail_dim);
    if (s->tail_bias || s->tail_act != ACT_NONE)
        strbuf_printf(b, " tail_bias=%d tail_act=%s", s->tail_bias,
                      activation_name(s->tail_act));
    if (s->adds)
        strbuf_puts(b, " adds=1");
    if (s->smallest)
        strbuf_puts(b, " smallest=1");
    if (s->drops)
        strbuf_puts(b, " drops=1");
    if (s->edges != EDGES_NONE)
        strbuf_printf(b, " edges=%s", edge_order_name(s->edges));
    strbuf_printf(b, " norm=%s self=%s bias=%d act=%s offset_bits=%d\n",
                  norm_name(s->norm), self_term_name(s->self_term), s->bias,
                  activation_name(s->act), (int)s->offset_bits);
}

// ---- emission ---------------------------------------------------------------

gnnac_status tmpl_emit(struct catalog *c, const struct candidate *point,
                       const struct kernel_spec *spec, struct emitted *out,
                       gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct emitted e = {0};
    struct point p = {.catalog = c, .candidate = point, .spec = spec,
                      .kernel = &e.kernel};

    p.writer.blank = true;
    p.unit = catalog_unit(c, point->family->name, false);
    if (!p.unit)
        return FAIL(err, GNNAC_ENOENT, "there is no template %s",
                    point->family->name);
    TRY(check_point(point, spec, err));
    TRY(set_name(&e.kernel, p.unit, point, spec, err));
    snprintf(e.kernel.family, sizeof(e.kernel.family), "%s", p.unit->name);
    e.kernel.dim = spec->dim;
    e.kernel.heads = spec->heads;
    e.kernel.x_type = spec->x_type;
    e.kernel.out_type = spec->out_type;
    e.kernel.self_type = spec->self_type;
    e.kernel.x_slab = spec->x_slab;
    e.kernel.out_slab = spec->out_slab;
    e.kernel.self_slab = spec->self_slab;
    e.kernel.offset_bits = spec->offset_bits;
    e.kernel.atomics = !candidate_repeats(point);
    add_provenance(&p.writer.out, p.unit, point, spec);
    TRY(point_run(&p, err));
    if (p.writer.out.failed) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    e.source = p.writer.out.text;
    e.n_bytes = p.writer.out.n_bytes;
    *out = e;
    p.writer.out = (struct strbuf){0}; // the caller has the text
out:
    strbuf_finish(&p.writer.out);
    return st;
}

void emitted_finish(struct emitted *e)
{
    free(e->source);
    *e = (struct emitted){0};
}
