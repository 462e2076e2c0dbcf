// Loads a bundle and runs it: all a program needs to use gnnac.
//
//     cc run_bundle.c $(pkg-config --cflags --libs gnnac) -o run_bundle
//     ./run_bundle cora.gcn.gnnb [weights.safetensors]
//
// Features are made up (a little wave per node); weights are random unless a
// file is given. Prints the likeliest class of the first nodes.
#include <gnnac/gnnac.h>
#include <stdio.h>
#include <stdlib.h>

static int complain(gnnac_status st, const gnnac_error *err)
{
    fprintf(stderr, "run_bundle: %s: %s\n", gnnac_status_string(st), err->msg);
    return EXIT_FAILURE;
}

static void fill_features(float *x, int64_t rows, int64_t cols)
{
    for (int64_t i = 0; i < rows * cols; i++)
        x[i] = (float)(i % 17 - 8) / 8;
}

static int64_t likeliest(const float *row, int64_t n)
{
    int64_t best = 0;
    for (int64_t j = 1; j < n; j++)
        if (row[j] > row[best])
            best = j;
    return best;
}

static void print_classes(const float *y, const gnnac_bundle_info *info)
{
    for (int64_t v = 0; v < info->n_nodes && v < 10; v++) {
        const float *row = y + v * info->out_dim;
        int64_t k = likeliest(row, info->out_dim);
        printf("node %lld: class %lld, log-probability %.4f\n", (long long)v,
               (long long)k, (double)row[k]);
    }
}

int main(int argc, char **argv)
{
    gnnac_error err = {""};
    gnnac_context *context = NULL;
    gnnac_bundle *bundle = NULL;
    gnnac_model *model = NULL;
    gnnac_bundle_info info;
    float *x = NULL, *y = NULL;
    gnnac_status st;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: run_bundle BUNDLE [WEIGHTS.safetensors]\n");
        return EXIT_FAILURE;
    }
    st = gnnac_bundle_open(argv[1], &bundle, &err);
    if (st == GNNAC_OK)
        st = gnnac_context_create(NULL, &context, &err); // GPU, else CPU
    if (st == GNNAC_OK)
        st = gnnac_model_create(context, bundle, &model, &err);
    if (st == GNNAC_OK)
        st = argc == 3 ? gnnac_model_load_weights(model, argv[2], &err)
                       : gnnac_model_init_weights(model, 1, &err);
    if (st == GNNAC_OK) {
        gnnac_bundle_get_info(bundle, &info);
        x = calloc((size_t)(info.n_nodes * info.in_dim) + 1, sizeof(*x));
        y = calloc((size_t)(info.n_nodes * info.out_dim) + 1, sizeof(*y));
        if (x && y) {
            fill_features(x, info.n_nodes, info.in_dim);
            st = gnnac_model_run(model, x, y, &err);
        } else {
            st = GNNAC_ENOMEM;
        }
    }
    if (st == GNNAC_OK) {
        printf("%s on %s: %lld nodes, %lld classes\n", info.model,
               gnnac_context_device(context), (long long)info.n_nodes,
               (long long)info.out_dim);
        print_classes(y, &info);
    }

    free(x);
    free(y);
    gnnac_model_destroy(model);
    gnnac_bundle_close(bundle);
    gnnac_context_destroy(context);
    return st == GNNAC_OK ? EXIT_SUCCESS : complain(st, &err);
}
