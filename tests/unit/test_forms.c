// What is written can be read again, in every form; real graphs that lie in
// several forms are the same graph.
#include <omp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/generate.h"
#include "graph_fixture.h"
#include "test.h"

static const char *const names[] = {
    "g.npz", "g.mtx", "g.txt", "g.tsv", "g.csv", "g.el", "g.edges",
    "g.txt.gz", "g.mtx.gz", "G.CSV.GZ",
};
enum { N_NAMES = sizeof(names) / sizeof(names[0]) };

// The graph after writing and reading it, as text; `g` stays.
static const char *through(const char *name, const struct csr *g)
{
    struct csr back = {0};
    gnnac_error err = {{0}};
    gnnac_status st = graph_save(scratch_path(name), g, &err);
    if (st != GNNAC_OK)
        return refusal_text(st, &err);
    st = graph_load(scratch_path(name), &(struct graph_options){0}, &back,
                    &err);
    scratch_unlink(name);
    if (st != GNNAC_OK)
        return refusal_text(st, &err);
    csr_text(&back);
    csr_finish(&back);
    return graph_text;
}

static void check_all_forms(struct csr g)
{
    char *want = strdup(csr_text(&g));
    for (int i = 0; i < N_NAMES; i++)
        CHECK_STR(through(names[i], &g), want);
    csr_finish(&g);
    free(want);
}

// ---- there and back ---------------------------------------------------------

TEST(every_form_keeps_the_edges)
{
    static const int32_t pairs[] = {3, 0, 0, 0, 1, 3, 1, 3, 2, 1};
    check_all_forms(csr_of(coo_of(4, 5, pairs), NULL));
}

TEST(every_form_keeps_last_nodes_without_edges)
{
    check_all_forms(csr_of(coo_of(9, 2, (int32_t[]){3, 0, 0, 1}), NULL));
    check_all_forms(csr_of(coo_of(3, 0, NULL), NULL));
    check_all_forms(csr_of(coo_of(0, 0, NULL), NULL));
}

TEST(every_form_keeps_weights_to_the_last_bit)
{
    static const float weights[] = {0.1f, -3.4028235e38f, 1.17549435e-38f,
                                    16777216, 1e-45f};
    struct coo c = coo_of(3, 5, (int32_t[]){0, 1, 1, 2, 2, 0, 2, 1, 2, 1});
    c.weight = malloc(sizeof(weights));
    memcpy(c.weight, weights, sizeof(weights));
    struct csr g = csr_of(c, NULL), back;
    for (int i = 0; i < N_NAMES; i++) {
        gnnac_error err = {{0}};
        if (graph_save(scratch_path(names[i]), &g, &err) != GNNAC_OK ||
            graph_load(scratch_path(names[i]), &(struct graph_options){0},
                       &back, &err) != GNNAC_OK) {
            TEST__FAIL("%s", err.msg);
            continue;
        }
        scratch_unlink(names[i]);
        if (!back.weight || memcmp(back.weight, g.weight, 5 * 4) != 0)
            TEST__FAIL("%s: other weights", names[i]);
        csr_finish(&back);
    }
    csr_finish(&g);
}

TEST(npy_keeps_the_edges_alone)
{
    struct csr g = csr_of(coo_of(9, 2, (int32_t[]){3, 0, 0, 1}), NULL);
    CHECK_STR(through("g.npy", &g), "4: 3>0 0>1");
    csr_finish(&g);
}

// The bytes of a file that is removed; owned.
static char *bytes_of(const char *name, size_t *n)
{
    FILE *f = fopen(scratch_path(name), "rb");
    char *bytes = malloc(1 << 23);
    *n = f ? fread(bytes, 1, 1 << 23, f) : 0;
    if (f)
        fclose(f);
    scratch_unlink(name);
    return bytes;
}

TEST(the_same_graph_gives_the_same_bytes)
{
    struct coo c = {0};
    graph_generate(&(struct generate_options){.kind = "rmat", .nodes = 300}, &c,
                   NULL);
    struct csr g = csr_of(c, NULL);
    for (int i = 0; i < N_NAMES; i++) {
        char *bytes[2];
        size_t n[2];
        for (int k = 0; k < 2; k++) {
            CHECK_INT(graph_save(scratch_path(names[i]), &g, NULL), GNNAC_OK);
            bytes[k] = bytes_of(names[i], &n[k]);
        }
        CHECK(n[0] > 1000 && n[0] == n[1]);
        CHECK(memcmp(bytes[0], bytes[1], n[0]) == 0);
        free(bytes[0]);
        free(bytes[1]);
    }
    csr_finish(&g);
}

// Text of several pieces, the last a short one; and of a whole number of them.
TEST(the_number_of_threads_changes_no_byte)
{
    static const int64_t n_edges[] = {200001, 1 << 17};
    static const char *const of_text[] = {"g.txt", "g.mtx", "g.txt.gz"};
    for (int i = 0; i < 6; i++) {
        const char *name = of_text[i % 3];
        struct coo c = {0};
        char *want = NULL;
        size_t n_want = 0, n;
        struct generate_options make = {
            .kind = "rmat", .nodes = 90000, .edges = n_edges[i / 3]};
        CHECK_INT(graph_generate(&make, &c, NULL), GNNAC_OK);
        struct csr g = csr_of(c, NULL), back = {0};
        for (int threads = 1; threads <= 5; threads += 2) {
            omp_set_num_threads(threads);
            CHECK_INT(graph_save(scratch_path(name), &g, NULL), GNNAC_OK);
            if (threads == 1)
                CHECK_INT(graph_load(scratch_path(name),
                                     &(struct graph_options){0}, &back, NULL),
                          GNNAC_OK);
            char *got = bytes_of(name, &n);
            CHECK(!want || (n == n_want && memcmp(got, want, n) == 0));
            free(want);
            want = got;
            n_want = n;
        }
        CHECK_INT(g.n_edges, n_edges[i / 3]);
        CHECK(back.n_edges == g.n_edges &&
              memcmp(back.colidx, g.colidx, (size_t)g.n_edges * 4) == 0);
        csr_finish(&back);
        csr_finish(&g);
        free(want);
    }
}

TEST(nothing_is_left_where_writing_fails)
{
    struct csr g = csr_of(coo_of(2, 1, (int32_t[]){0, 1}), NULL);
    gnnac_error err = {{0}};
    for (int i = 0; i < N_NAMES; i++) {
        char path[512];
        snprintf(path, sizeof(path), "%s/no-folder/%s", scratch, names[i]);
        err.msg[0] = '\0';
        CHECK_INT(graph_save(path, &g, &err), GNNAC_EIO);
        CHECK_HAS(err.msg, "no-folder");
    }
    CHECK_INT(graph_save("g.graph", &g, NULL), GNNAC_EUSAGE);
    csr_finish(&g);
}

TEST(binary_forms_are_not_compressed_once_more)
{
    struct csr g = csr_of(coo_of(2, 1, (int32_t[]){0, 1}), NULL);
    CHECK_INT(graph_save(scratch_path("g.npy.gz"), &g, NULL), GNNAC_EUSAGE);
    CHECK_INT(graph_save(scratch_path("g.npz.GZ"), &g, NULL), GNNAC_EUSAGE);
    csr_finish(&g);
}

// Nobody's temporary is taken for one's own: not what a killed process of the
// same number left, either.
TEST(a_file_that_stands_in_the_way_of_a_temporary_is_left_alone)
{
    struct csr g = csr_of(coo_of(2, 1, (int32_t[]){0, 1}), NULL);
    for (int i = 0; i < N_NAMES; i++) {
        char name[64], path[512];
        snprintf(name, sizeof(name), "%s.%ld.tmp", names[i], (long)getpid());
        snprintf(path, sizeof(path), "%s", scratch_path(name));
        FILE *f = fopen(path, "w");
        CHECK(f && fclose(f) == 0);
        CHECK_INT(graph_save(scratch_path(names[i]), &g, NULL), GNNAC_OK);
        scratch_unlink(names[i]);
        CHECK(unlink(path) == 0);
    }
    csr_finish(&g);
}

TEST(what_is_no_regular_file_is_written_to_not_replaced)
{
    struct csr g = csr_of(coo_of(2, 1, (int32_t[]){0, 1}), NULL);
    for (int i = 0; i < N_NAMES; i++) {
        char path[512];
        struct stat sb;
        snprintf(path, sizeof(path), "%s", scratch_path(names[i]));
        CHECK(symlink("/dev/null", path) == 0);
        CHECK_INT(graph_save(path, &g, NULL), GNNAC_OK);
        CHECK(lstat(path, &sb) == 0 && S_ISLNK(sb.st_mode));
        unlink(path);
    }
    csr_finish(&g);
}

// ---- real graphs ------------------------------------------------------------

static bool load_shared(const char *name, struct csr *out)
{
    gnnac_error err = {{0}};
    const char *path = shared_graph(name);
    if (path && graph_load(path, &(struct graph_options){0}, out, &err) ==
                    GNNAC_OK)
        return true;
    TEST__FAIL("%s: %s", name, path ? err.msg : "absent");
    return false;
}

#define SKIP_WITHOUT(name)                                                     \
    if (!shared_graph(name))                                                   \
    SKIP("no " name ": set GNNAC_TEST_GRAPHS to the folder of graphs")

TEST(one_graph_in_several_layouts_has_one_fingerprint)
{
    static const char *const twins[][2] = {
        {"cora.npz", "cora.csr.npz"},
        {"cora.npz", "cora.edges.npy"},
        {"email_enron.npz", "email_enron.csr.npz"},
        {"karate.npz", "formats/karate.mtx"},
    };
    SKIP_WITHOUT("cora.npz");
    for (size_t i = 0; i < sizeof(twins) / sizeof(twins[0]); i++) {
        struct csr g;
        char hex[2][33] = {"", ""};
        for (int k = 0; k < 2; k++)
            if (load_shared(twins[i][k], &g)) {
                csr_fingerprint(&g, hex[k]);
                csr_finish(&g);
            }
        CHECK_STR(hex[1], hex[0]);
    }
}

TEST(published_files_have_the_sizes_they_are_known_by)
{
    static const struct {
        const char *name;
        int64_t nodes, edges;
        bool weighted;
    } files[] = {
        {"formats/ca-CondMat.mtx", 23133, 186936, false}, // 58 loops
        {"formats/p2p-Gnutella31.mtx", 62586, 147892, true},
        {"formats/bcsstk13.mtx", 2003, 83883, true},
        {"formats/jagmesh7.mtx", 1138, 7450, false},
        {"formats/karate.mtx", 34, 156, false},
        {"formats/west0067.mtx", 67, 294, true},
        {"formats/wiki-Vote.snap.txt", 8298, 103689, false}, // ids have gaps
    };
    SKIP_WITHOUT("formats/karate.mtx");
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct csr g;
        if (!load_shared(files[i].name, &g))
            continue;
        CHECK_INT(g.n_nodes, files[i].nodes);
        CHECK_INT(g.n_edges, files[i].edges);
        CHECK_INT(g.weight != NULL, files[i].weighted);
        csr_finish(&g);
    }
}

TEST(forms_that_are_not_read_are_refused_by_suffix)
{
    SKIP_WITHOUT("formats/4elt.metis.graph");
    CHECK_HAS(load_text_of(shared_graph("formats/4elt.metis.graph"), NULL),
              "4elt.metis.graph: the suffix names no graph form");
}

int main(void)
{
    scratch_make();
    RUN(every_form_keeps_the_edges);
    RUN(every_form_keeps_last_nodes_without_edges);
    RUN(every_form_keeps_weights_to_the_last_bit);
    RUN(npy_keeps_the_edges_alone);
    RUN(the_same_graph_gives_the_same_bytes);
    RUN(the_number_of_threads_changes_no_byte);
    RUN(nothing_is_left_where_writing_fails);
    RUN(binary_forms_are_not_compressed_once_more);
    RUN(a_file_that_stands_in_the_way_of_a_temporary_is_left_alone);
    RUN(what_is_no_regular_file_is_written_to_not_replaced);
    RUN(one_graph_in_several_layouts_has_one_fingerprint);
    RUN(published_files_have_the_sizes_they_are_known_by);
    RUN(forms_that_are_not_read_are_refused_by_suffix);
    scratch_remove();
    return test_done();
}
