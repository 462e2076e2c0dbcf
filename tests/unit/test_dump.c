// What --dump writes.
#include "tune/dump.h"
#include "graph_fixture.h"

#include <dirent.h>
#include <sys/stat.h>

static gnnac_error err;

static bool is_there(const char *name)
{
    char path[300];
    struct stat s;
    snprintf(path, sizeof(path), "%s/%s", scratch_path("d"), name);
    return stat(path, &s) == 0;
}

static void read_text(const char *name, char *text, size_t n_bytes)
{
    FILE *f = fopen(scratch_path(name), "r");
    size_t n = f ? fread(text, 1, n_bytes - 1, f) : 0;
    text[n] = '\0';
    if (f)
        fclose(f);
}

static void remove_dump(void)
{
    char path[600];
    struct dirent *e;
    DIR *d = opendir(scratch_path("d"));
    while (d && (e = readdir(d))) {
        snprintf(path, sizeof(path), "%s/%s", scratch_path("d"), e->d_name);
        unlink(path);
    }
    if (d)
        closedir(d);
    rmdir(scratch_path("d"));
}

TEST(of_blas_which_has_no_text_only_the_times_are_dumped)
{
    static char text[] = "// ours\n";
    const struct kernel_spec spec = {.kind = STEP_LINEAR, .dim = 24,
                                     .depth = 33, .x_pitch = 36,
                                     .out_pitch = 24, .offset_bits = 32};
    struct variant all[2] = {variant_of_blas(&spec), variant_of_blas(&spec)};
    strcpy(all[1].kernel.name, "ours");
    strcpy(all[1].kernel.family, "linear");
    all[1].source = text;
    struct selection *sel = calloc(1, sizeof(*sel));
    struct manifest *m = calloc(1, sizeof(*m));
    struct assembly a = {.selection = sel, .manifest = m};
    if (!sel || !m)
        abort();
    sel->variants = all;
    sel->n_variants = 2;
    props_int(&a.graph.props, "graph.nodes", 3);
    CHECK_INT(dump_assembly(&a, scratch_path("d"), 1, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    char source[NAME_LEN + 8];
    snprintf(source, sizeof(source), "%s.cu", all[0].kernel.name);
    CHECK(!is_there(source));
    CHECK(is_there("ours.cu"));
    char times[1024];
    read_text("d/times.csv", times, sizeof(times));
    CHECK_HAS(times, all[0].kernel.name);
    CHECK_HAS(times, "\nours,ok,");
    remove_dump();
    free(sel);
    free(m);
}

int main(void)
{
    scratch_make();
    RUN(of_blas_which_has_no_text_only_the_times_are_dumped);
    scratch_remove();
    return test_done();
}
