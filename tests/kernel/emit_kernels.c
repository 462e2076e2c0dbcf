// Emits kernels for the tests. Cases (kernel_case.h) come from stdin, one a
// line; blank lines and those that begin with '#' are skipped.
//     emit_kernels TEMPLATES --source      the CUDA text of each
//     emit_kernels TEMPLATES --files DIR   DIR/0.cu, DIR/1.cu ...
//     emit_kernels TEMPLATES --shim NAME   C++ for the CPU shim; NAME tells the
//                                          parts of one program apart
//     emit_kernels TEMPLATES --check       only whether each can be emitted
// A case that cannot be emitted is named on stderr; exit status 1.
#include <stdio.h>
#include <string.h>

#include "emit/tmpl.h"
#include "fail.h"
#include "kernel/kernel_case.h"

struct job {
    struct catalog *catalog;
    const char *mode, *where;
    int n; // cases so far
};

static void write_args(const struct launch *l)
{
    for (int i = 0; i < l->n_args; i++)
        printf("%s(launch_arg)%d", i ? ", " : "", (int)l->args[i]);
}

// A static object whose constructor enters the kernel into the table.
static void write_entry(const struct job *j, const char *line,
                        const struct kernel_case *kc, const struct kernel *k)
{
    const struct kernel_spec *s = &kc->spec;
    printf(
        "static int entered_%d = (all_kernels().push_back({\"%s\", \"%s\",\n"
        "    {(step_kind)%d, %d, (dtype)%d, (dtype)%d, (dtype)%d, %d, %d, %d,\n"
        "    %d, (norm)%d,\n"
        "    (self_term)%d, %d, (activation)%d, %d, %d, %d, %d, %d, %d,\n"
        "    (edge_order)%d, %d, (tail)%d, %d, %d, (activation)%d, %d, %d,\n"
        "    %d, %d}, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, {\n",
        j->n, line, kc->point.family->op, s->kind, s->dim, s->x_type,
        s->out_type, s->self_type,
        s->x_pitch, s->out_pitch, s->self_pitch, s->grad_pitch,
        s->norm, s->self_term, s->bias, s->act, s->offset_bits, s->depth,
        s->heads, s->channels, s->smallest, s->drops, s->edges, s->adds,
        s->tail, s->tail_dim, s->tail_bias, s->tail_act, s->residual_pitch,
        s->x_slab, s->out_slab, s->self_slab, k->part_size, k->part_rows,
        k->parts_per_block, k->packed_rows, k->packed_edges,
        k->packed_step, k->tile_percent, k->tile_blocks, k->partials,
        k->atomics, k->tickets);
    for (int i = 0; i < k->n_launches; i++) {
        const struct launch *l = &k->launches[i];
        printf("    {shim_call<&kernels_%d::%s>::run, (grid_count)%d, %d, %d, "
               "%d, {",
               j->n, l->entry, (int)l->count, l->per_block, l->grid_y,
               l->block);
        write_args(l);
        printf("}},\n");
    }
    printf("}}), 0);\n");
}

// The instructions that templates write out, and C++ that does the same. Empty
// assembly, which hides things from the compiler, is defined away.
static const struct {
    const char *ptx, *cpp;
} instructions[] = {
    {"asm(\"cvt.f32.f16 %0, %1;\" : \"=f\"(v) : \"h\"((f16_t)bits));",
     "v = f16_to_float((f16_t)bits);"},
    {"asm(\"cvt.rn.f16.f32 %0, %1;\" : \"=h\"(bits) : \"f\"(v));",
     "bits = f16_from_float(v);"},
    {"asm volatile(\"atom.release.gpu.global.inc.u32 %0, [%1], %2;\"\n"
     "                 : \"=r\"(before) : \"l\"(ticket), \"r\"(n - 1) : "
     "\"memory\");",
     "before = atomicInc(ticket, n - 1);"},
    {"asm volatile(\"fence.acq_rel.gpu;\" ::: \"memory\");", ""},
    {"asm("
     "\"mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 \"\n"
     "        \"{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, \"\n"
     "        \"{%0, %1, %2, %3};\"\n"
     "        : \"+f\"(d0), \"+f\"(d1), \"+f\"(d2), \"+f\"(d3)\n"
     "        : \"r\"(a0), \"r\"(a1), \"r\"(a2), \"r\"(a3), "
     "\"r\"(b0), \"r\"(b1));",
     "shim_mma(d0, d1, d2, d3, a0, a1, a2, a3, b0, b1);"},
    {"asm(\"cp.async.cg.shared.global [%0], [%1], 16, %2;\"\n"
     "        :: \"r\"(at), \"l\"(from), \"r\"(bytes) : \"memory\");",
     "shim_copy(to, from, 16, bytes);"},
    {"asm(\"cp.async.ca.shared.global [%0], [%1], 8, %2;\"\n"
     "        :: \"r\"(at), \"l\"(from), \"r\"(bytes) : \"memory\");",
     "shim_copy(to, from, 8, bytes);"},
    {"asm(\"cp.async.ca.shared.global [%0], [%1], 4, %2;\"\n"
     "        :: \"r\"(at), \"l\"(from), \"r\"(bytes) : \"memory\");",
     "shim_copy(to, from, 4, bytes);"},
};
enum { N_INSTRUCTIONS = sizeof(instructions) / sizeof(instructions[0]) };

static void write_as_cpp(const char *text)
{
    while (*text) {
        int i = 0;
        while (i < N_INSTRUCTIONS && strncmp(text, instructions[i].ptx,
                                             strlen(instructions[i].ptx)) != 0)
            i++;
        if (i < N_INSTRUCTIONS) {
            fputs(instructions[i].cpp, stdout);
            text += strlen(instructions[i].ptx);
        } else {
            putchar(*text++);
        }
    }
}

static void write_shim(const struct job *j, const char *line,
                       const struct kernel_case *kc, const struct emitted *e)
{
    printf("namespace kernels_%d {\n", j->n);
    write_as_cpp(e->source);
    printf("}\n#line 1 \"%s\"\n", j->where);
    write_entry(j, line, kc, &e->kernel);
}

static int write_file(const struct job *j, const struct emitted *e)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%d.cu", j->where, j->n);
    FILE *f = fopen(path, "w");
    if (!f)
        return 1;
    fwrite(e->source, 1, e->n_bytes, f);
    return fclose(f) != 0;
}

static int write_case(const struct job *j, const char *line,
                      const struct kernel_case *kc, const struct emitted *e)
{
    if (strcmp(j->mode, "--source") == 0)
        return fputs(e->source, stdout) < 0;
    if (strcmp(j->mode, "--files") == 0)
        return write_file(j, e);
    if (strcmp(j->mode, "--shim") == 0)
        write_shim(j, line, kc, e);
    return 0;
}

static int emit_case(struct job *j, const char *line)
{
    struct kernel_case kc;
    struct emitted e = {0};
    gnnac_error err = {{0}};
    if (kernel_case_parse(catalog_families(j->catalog), line, &kc, &err) !=
            GNNAC_OK ||
        tmpl_emit(j->catalog, &kc.point, &kc.spec, &e, &err) != GNNAC_OK) {
        fprintf(stderr, "%s\n  %s\n", line, err.msg);
        return 1;
    }
    int failed = write_case(j, line, &kc, &e);
    j->n++;
    emitted_finish(&e);
    return failed;
}

int main(int argc, char **argv)
{
    struct job j = {.mode = argc > 2 ? argv[2] : "",
                    .where = argc > 3 ? argv[3] : "."};
    gnnac_error err = {{0}};
    char line[1024];
    int failed = 0;
    if (argc < 3 || catalog_open((const char *const *)&argv[1], 1, &j.catalog,
                                 &err) != GNNAC_OK) {
        fprintf(stderr, "%s\n", argc < 3 ? "usage: see the source" : err.msg);
        return 1;
    }
    if (strcmp(j.mode, "--shim") == 0)
        printf("#include \"cases.h\"\n#include \"cuda_shim.h\"\n"
               "#include \"half.h\"\n"
               "#define asm(...)\n");
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] && line[0] != '#')
            failed |= emit_case(&j, line);
    }
    catalog_close(j.catalog);
    return failed;
}
