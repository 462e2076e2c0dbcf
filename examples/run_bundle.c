// Loads a bundle and runs it: all a program needs to use gnnac, 40 lines.
//
//     cc run_bundle.c $(pkg-config --cflags --libs gnnac) -o run_bundle
//     ./run_bundle cora.gcn.gnnb [weights.safetensors]
//
// Features are made up (a little wave per node); weights are random unless a
// file is given. Prints the likeliest class of the first nodes.
#include <gnnac/gnnac.h>
#include <stdio.h>
#include <stdlib.h>

static void must(gnnac_status st, const gnnac_error *err)
{
    if (st == GNNAC_OK)
        return;
    fprintf(stderr, "run_bundle: %s: %s\n", gnnac_status_string(st), err->msg);
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    gnnac_error err = {""};
    gnnac_context *context;
    gnnac_bundle *bundle;
    gnnac_model *model;
    gnnac_bundle_info g;
    must(gnnac_bundle_open(argv[1], &bundle, &err), &err);
    must(gnnac_context_create(NULL, &context, &err), &err); // GPU, else CPU
    must(gnnac_model_create(context, bundle, &model, &err), &err);
    must(argc > 2 ? gnnac_model_load_weights(model, argv[2], &err)
                  : gnnac_model_init_weights(model, 1, &err), &err);
    gnnac_bundle_get_info(bundle, &g);
    float *x = calloc((size_t)(g.n_nodes * g.in_dim) + 1, sizeof(*x));
    float *y = calloc((size_t)(g.n_nodes * g.out_dim) + 1, sizeof(*y));
    for (int64_t i = 0; x && i < g.n_nodes * g.in_dim; i++)
        x[i] = (float)(i % 17 - 8) / 8;
    must(gnnac_model_run(model, x, y, &err), &err); // refuses a NULL
    printf("%s on %s:\n", g.model, gnnac_context_device(context));
    for (int64_t v = 0; v < g.n_nodes && v < 10; v++) {
        const float *row = y + v * g.out_dim, *best = row;
        for (const float *p = row; p < row + g.out_dim; p++)
            best = *p > *best ? p : best;
        printf("node %d: class %d, %.4f\n", (int)v, (int)(best - row), *best);
    }
    free(x), free(y);
    gnnac_model_destroy(model);
    gnnac_bundle_close(bundle);
    gnnac_context_destroy(context);
}
