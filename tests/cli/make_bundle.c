// Writes the small bundle of the unit tests to a file. Its kernels exist in
// name only, so it runs on the CPU alone.
// usage: make_bundle MODEL OUT.gnnb [reordered|logits]
#include "bundle_fixture.h"

int main(int argc, char **argv)
{
    gnnac_error err = {{0}};
    size_t n = 0;
    if (argc < 3 || argc > 4)
        return 1;
    struct fixture_graph g = fixture_graph_random(50, 3, false, 1);
    bool logits = argc == 4 && strcmp(argv[3], "logits") == 0;
    if (argc == 4 && !logits)
        g = fixture_graph_shuffled(g, 1);
    struct manifest *m = fixture_manifest(
        &(struct model_request){.name = argv[1], .dim = 7, .hidden = 5,
                                .classes = 3, .logits = logits},
        &g);
    char *bytes = m ? fixture_write(m, &g, &n, &err) : NULL;
    FILE *out = bytes ? fopen(argv[2], "wb") : NULL;
    bool ok = out && fwrite(bytes, 1, n, out) == n;
    ok = out && fclose(out) == 0 && ok;
    if (!ok)
        fprintf(stderr, "make_bundle: %s\n", err.msg);
    free(bytes);
    free(m);
    fixture_graph_finish(&g);
    return ok ? 0 : 1;
}
