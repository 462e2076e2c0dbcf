#include "workshop/fit_write.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/schema.h"
#include "tune/variant.h"

enum { PRIORITY = 100, MAX_PATH = MAX_LEAVES, N_OBJECTS = 3 };

static const char *const objects[N_OBJECTS] = {"graph", "layer", "device"};

// The cuts from the root to a leaf.
struct path {
    size_t n;
    struct {
        const struct cut *cut;
        bool above;
    } steps[MAX_PATH];
};

struct pen {
    FILE *out;
    const struct lesson *l;
    const struct tree *t;
    size_t n_leaves; // of the tree that is written
    int rule;        // number of the one that is written
};

double loss_to_regret(double loss)
{
    return expm1(loss);
}

// Texts of a database may come from anywhere: nothing of them may end a comment
// or a string.
static void write_plain(FILE *out, const char *text, size_t most)
{
    for (size_t i = 0; text[i] && i < most; i++)
        fputc(isalnum((unsigned char)text[i]) || strchr(" _.,:+-()", text[i])
                  ? text[i]
                  : '?',
              out);
}

// ---- values -----------------------------------------------------------------

// The fewest digits that read back the same, whole numbers in full.
static void write_number(FILE *out, double v)
{
    char text[32];
    if (v == floor(v) && fabs(v) < 1e15) {
        fprintf(out, "%.0f", v);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    fputs(text, out);
}

static void write_condition(FILE *out, const struct cut *cut, bool above)
{
    const struct prop *e = schema_find(cut->name);
    if (e->type == PROP_BOOL) {
        fprintf(out, "%s%s", above ? "" : "not ", cut->name);
        return;
    }
    fprintf(out, "%s %s ", cut->name, above ? ">" : "<=");
    write_number(out, cut->threshold);
}

// A later cut of the same property on the same side is the closer one.
static bool is_implied(const struct path *p, size_t i)
{
    for (size_t k = i + 1; k < p->n; k++)
        if (p->steps[k].above == p->steps[i].above &&
            strcmp(p->steps[k].cut->name, p->steps[i].cut->name) == 0)
            return true;
    return false;
}

static void write_path(FILE *out, const struct path *p, const char *between)
{
    const char *before = "";
    for (size_t i = 0; i < p->n; i++) {
        if (is_implied(p, i))
            continue;
        fputs(before, out);
        write_condition(out, p->steps[i].cut, p->steps[i].above);
        before = between;
    }
}

static void write_value(FILE *out, const struct prop *p)
{
    if (p->type == PROP_BOOL)
        fputs(p->b ? "true" : "false", out);
    else if (p->type == PROP_INT)
        fprintf(out, "%" PRId64, p->i);
    else
        write_number(out, p->r);
}

// ---- the head ---------------------------------------------------------------

static void write_range(const struct pen *p, const char *name)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < p->l->n; i++) {
        double v = workload_number(p->l->w[i], name);
        low = fmin(low, v);
        high = fmax(high, v);
    }
    fprintf(p->out, "--   %-18s %.6g to %.6g\n", name, low, high);
}

static bool is_first(const struct lesson *l, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (l->w[k]->device == l->w[i]->device)
            return false;
    return true;
}

static bool arch_is_first(const struct lesson *l, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (l->w[k]->device->device.arch == l->w[i]->device->device.arch)
            return false;
    return true;
}

static void write_regret(FILE *out, const char *what, double regret,
                         double worst)
{
    fprintf(out, "--   %-44s %5.1f %%", what, 100 * regret);
    if (isfinite(worst))
        fprintf(out, ", at worst %.1f %%", 100 * worst);
    fputs("\n", out);
}

static void write_head(const struct pen *p, const struct fit_report *r)
{
    FILE *out = p->out;
    fprintf(out,
            "-- Learnt by gnnac rules fit from %zu timed workloads of %zu "
            "graphs. A rule is a leaf\n-- of a decision tree; edit it like any "
            "other.\n--\n-- Timed on:\n",
            p->l->n, p->l->n_graphs);
    for (size_t i = 0; i < p->l->n; i++)
        if (is_first(p->l, i)) {
            fputs("--   ", out);
            write_plain(out, p->l->w[i]->device->text, 200);
            fputs("\n", out);
        }
    fprintf(out, "-- What was seen; elsewhere these rules are a guess:\n");
    write_range(p, "graph.nodes");
    write_range(p, "graph.edges");
    write_range(p, "graph.degree.mean");
    write_range(p, "graph.degree.cv");
    write_range(p, "layer.agg_dim");
    fprintf(out, "-- Time lost against the fastest point that was timed, "
                 "geometric mean:\n");
    write_regret(out, "these rules, on what they were learnt from",
                 regrets_mean(&r->learnt), r->learnt.worst);
    write_regret(out, "these rules, cross-validated by graphs",
                 loss_to_regret(r->losses[r->n_leaves - 1]), NAN);
    if (r->shipped.n_known)
        write_regret(out, "the default rules' picks", regrets_mean(&r->shipped),
                     r->shipped.worst);
    fprintf(out, "-- Cross-validated by the number of rules:");
    for (size_t k = 0; k < MAX_LEAVES; k++)
        fprintf(out, "%s %zu: %.1f %%", k ? "," : "", k + 1,
                100 * loss_to_regret(r->losses[k]));
    fputs("\n\n-- The architectures that were timed.\n"
          "local function is_known(device)\n  return ",
          out);
    for (size_t i = 0, n = 0; i < p->l->n; i++)
        if (arch_is_first(p->l, i))
            fprintf(out, "%sdevice.arch == %d", n++ ? " or " : "",
                    (int)p->l->w[i]->device->device.arch);
    fputs("\nend\n", out);
}

// ---- a rule -----------------------------------------------------------------

static void write_evidence(const struct pen *p, const struct tree_node *leaf)
{
    char knobs[256];
    struct regrets r = {0};
    for (size_t i = 0; i < leaf->n; i++)
        regrets_add(&r, loss_to_regret(
                            lesson_loss(p->l, leaf->members[i], leaf->point)));
    candidate_text(&p->l->points[leaf->point], knobs, sizeof(knobs));
    fprintf(p->out,
            "\n-- %zu workloads of %zu graphs: %.1f %% lost in the mean, "
            "%.1f %% at worst, %zu above 5 %%.\n",
            leaf->n, lesson_graphs(p->l, leaf->members, leaf->n),
            100 * regrets_mean(&r), 100 * r.worst, r.n_above_5);
}

static void write_choice(FILE *out, const struct candidate *c)
{
    fprintf(out, "{ template = \"%s\"", c->family->name);
    for (size_t i = 0; i < c->family->n_knobs; i++)
        fprintf(out, ",\n             %s = %" PRId64, c->family->knobs[i].name,
                c->values[i]);
    fputs(" }", out);
}

static void write_why(FILE *out, const struct path *path)
{
    char text[200] = ""; // `why` has at most 255 characters
    FILE *m = fmemopen(text, sizeof(text) - 1, "w");
    if (m) {
        write_path(m, path, ", ");
        fclose(m); // what does not fit is cut off
    }
    fprintf(out, "learnt from timings%s%s", path->n ? ": " : "", text);
}

static void write_rule(const struct pen *p, const struct tree_node *leaf,
                       const struct path *path)
{
    FILE *out = p->out;
    write_evidence(p, leaf);
    fprintf(out,
            "rule \"fit_%d\" {\n  when = function(graph, layer, device)\n"
            "    return is_known(device)",
            p->rule);
    fputs(path->n ? "\n           and " : "", out);
    write_path(out, path, "\n           and ");
    fputs("\n  end,\n  choose = ", out);
    write_choice(out, &p->l->points[leaf->point]);
    fputs(",\n  why = \"", out);
    write_why(out, path);
    fprintf(out, "\",\n  priority = %d,\n}\n", PRIORITY);
}

// ---- its test ---------------------------------------------------------------

// Properties that a test must give, sorted by name.
struct givens {
    size_t n;
    const char *names[MAX_PATH + 1];
};

static void give(struct givens *g, const char *name)
{
    size_t at = 0;
    while (at < g->n && strcmp(g->names[at], name) < 0)
        at++;
    if (at < g->n && strcmp(g->names[at], name) == 0)
        return;
    memmove(&g->names[at + 1], &g->names[at],
            (g->n - at) * sizeof(g->names[0]));
    g->names[at] = name;
    g->n++;
}

static const struct prop *find_value(const struct workload *w, const char *name)
{
    const struct props *all[N_OBJECTS] = {&w->graph->props, &w->op.layer,
                                          &w->device->props};
    const struct prop *found = NULL;
    for (size_t i = 0; i < N_OBJECTS && !found; i++)
        found = props_find(all[i], name);
    return found;
}

static bool is_below(const char *name, const char *prefix, size_t n_prefix)
{
    return strncmp(name, prefix, n_prefix) == 0 && name[n_prefix] == '.';
}

// Names from *at on that lie below the first `n_prefix` bytes of `prefix`, as
// the fields of a table; *at moves behind them.
static void write_fields(FILE *out, const struct workload *w,
                         const struct givens *g, size_t *at, const char *prefix,
                         size_t n_prefix)
{
    const char *between = "";
    while (*at < g->n && is_below(g->names[*at], prefix, n_prefix)) {
        const char *name = g->names[*at], *field = name + n_prefix + 1;
        size_t n = strcspn(field, ".");
        fprintf(out, "%s %.*s = ", between, (int)n, field);
        between = ",";
        if (field[n]) {
            fputs("{", out);
            write_fields(out, w, g, at, name, n_prefix + 1 + n);
            fputs(" }", out);
        } else {
            write_value(out, find_value(w, name));
            (*at)++;
        }
    }
}

static void write_test(const struct pen *p, const struct tree_node *leaf,
                       const struct path *path)
{
    const struct workload *w = p->l->w[leaf->members[0]];
    const struct candidate *c = &p->l->points[leaf->point];
    struct givens g = {0};
    FILE *out = p->out;
    give(&g, "device.arch");
    for (size_t i = 0; i < path->n; i++)
        give(&g, path->steps[i].cut->name);
    fprintf(out, "\ntest \"fit_%d, as on graph ", p->rule);
    write_plain(out, w->graph->fingerprint, 8);
    fputs("\" {\n", out);
    for (size_t o = 0; o < N_OBJECTS; o++) {
        size_t at = 0, n = strlen(objects[o]);
        while (at < g.n && !is_below(g.names[at], objects[o], n))
            at++;
        if (at == g.n)
            continue;
        fprintf(out, "  %s = {", objects[o]);
        write_fields(out, w, &g, &at, objects[o], n);
        fputs(" },\n", out);
    }
    fprintf(out, "  expect = { rule = \"fit_%d\", template = \"%s\"", p->rule,
            c->family->name);
    for (size_t i = 0; i < c->family->n_knobs; i++)
        fprintf(out, ",\n             %s = %" PRId64, c->family->knobs[i].name,
                c->values[i]);
    fputs(" },\n}\n", out);
}

// ---- the tree ---------------------------------------------------------------

static void write_leaves(struct pen *p, size_t at, struct path *path)
{
    const struct tree_node *node = &p->t->nodes[at];
    if (tree_is_leaf(p->t, p->n_leaves, at)) {
        p->rule++;
        write_rule(p, node, path);
        write_test(p, node, path);
        return;
    }
    path->steps[path->n].cut = &node->cut;
    for (int above = 0; above < 2; above++) {
        path->steps[path->n].above = above;
        path->n++;
        write_leaves(p, (size_t)(above ? node->above : node->below), path);
        path->n--;
    }
}

void fit_write(const struct lesson *l, const struct tree *t,
               const struct fit_report *r, FILE *out)
{
    struct pen p = {out, l, t, r->n_leaves, 0};
    struct path path = {0};
    write_head(&p, r);
    write_leaves(&p, 0, &path);
}
