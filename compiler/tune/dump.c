#include "tune/dump.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

static gnnac_status open_in(const char *dir, const char *name,
                            struct atomic_file *f, gnnac_error *err)
{
    char path[1024];
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >=
        sizeof(path))
        return FAIL(err, GNNAC_EUSAGE, "--dump %s: the path is too long", dir);
    return atomic_open(path, f, err);
}

static gnnac_status dump_bytes(const char *dir, const char *name,
                               const void *bytes, size_t n_bytes,
                               gnnac_error *err)
{
    struct atomic_file f;
    gnnac_status st = open_in(dir, name, &f, err);
    if (st != GNNAC_OK)
        return st;
    if (n_bytes)
        fwrite(bytes, 1, n_bytes, f.out); // checked by atomic_commit
    return atomic_commit(&f, err);
}

static gnnac_status dump_images(const struct variant *v, const char *dir,
                                gnnac_error *err)
{
    char name[NAME_LEN + 32];
    gnnac_status st = GNNAC_OK;
    for (size_t i = 0; i <= MAX_ARCHS && st == GNNAC_OK; i++) {
        const struct artifact *a = &v->images[i];
        if (!a->image)
            continue;
        bool ptx = strncmp(a->arch, "compute_", 8) == 0;
        snprintf(name, sizeof(name), ptx ? "%s.ptx" : "%s.%s.cubin",
                 v->kernel.name, a->arch);
        st = dump_bytes(dir, name, a->image, a->n_bytes, err);
    }
    return st;
}

static gnnac_status dump_variant(const struct variant *v, const char *dir,
                                 gnnac_error *err)
{
    char name[NAME_LEN + 32];
    if (variant_is_blas(v)) // there is nothing of it but its times
        return GNNAC_OK;
    snprintf(name, sizeof(name), "%s.cu", v->kernel.name);
    gnnac_status st =
        dump_bytes(dir, name, v->source, strlen(v->source), err);
    const char *log = v->reason[0] ? v->reason : v->images[0].log;
    snprintf(name, sizeof(name), "%s.log", v->kernel.name);
    if (st == GNNAC_OK && log)
        st = dump_bytes(dir, name, log, strlen(log), err);
    return st == GNNAC_OK ? dump_images(v, dir, err) : st;
}

static gnnac_status dump_properties(struct assembly *a, const char *dir,
                                    int n_threads, gnnac_error *err)
{
    const struct props *graph;
    struct atomic_file f;
    gnnac_status st = graph_input_props(&a->graph, n_threads, &graph, err);
    if (st == GNNAC_OK)
        st = open_in(dir, "properties.json", &f, err);
    if (st != GNNAC_OK)
        return st;
    props_print_json(graph, f.out);
    fputc('\n', f.out);
    return atomic_commit(&f, err);
}

static gnnac_status dump_rules(const struct assembly *a, const char *dir,
                               gnnac_error *err)
{
    struct atomic_file f;
    gnnac_status st = open_in(dir, "rules.txt", &f, err);
    if (st != GNNAC_OK)
        return st;
    for (int32_t i = 0; i < a->manifest->n_choices; i++) {
        const struct choice *c = &a->manifest->choices[i];
        fprintf(f.out, "step %d: %s (%s, %s)\n    %s\n    %s\n", (int)c->step,
                c->rule, c->where, c->level, c->why, c->knobs);
    }
    return atomic_commit(&f, err);
}

// An empty cell is "not measured".
static void print_number(FILE *out, double v)
{
    if (isnan(v))
        fputc(',', out);
    else
        fprintf(out, ",%.17g", v);
}

static gnnac_status dump_times(const struct assembly *a, const char *dir,
                               gnnac_error *err)
{
    struct atomic_file f;
    gnnac_status st = open_in(dir, "times.csv", &f, err);
    if (st != GNNAC_OK)
        return st;
    fprintf(f.out, "kernel,status,registers,spill_bytes,modelled_cost,"
                   "median_ns,p20_ns,p80_ns,max_error\n");
    for (size_t i = 0; i < a->selection->n_variants; i++) {
        const struct variant *v = &a->selection->variants[i];
        fprintf(f.out, "%s,%s,%d,%d", v->kernel.name, v->status, v->registers,
                v->spill_bytes);
        print_number(f.out, v->cost);
        print_number(f.out, v->median_ns);
        print_number(f.out, v->p20_ns);
        print_number(f.out, v->p80_ns);
        print_number(f.out, v->max_error);
        fputc('\n', f.out);
    }
    return atomic_commit(&f, err);
}

gnnac_status dump_assembly(struct assembly *a, const char *dir, int n_threads,
                           gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    if (mkdir(dir, 0777) != 0 && errno != EEXIST)
        return FAIL(err, GNNAC_EIO, "%s: %s", dir, strerror(errno));
    TRY(dump_properties(a, dir, n_threads, err));
    TRY(dump_rules(a, dir, err));
    TRY(dump_times(a, dir, err));
    for (size_t i = 0; i < a->selection->n_variants; i++)
        TRY(dump_variant(&a->selection->variants[i], dir, err));
out:
    return st;
}
