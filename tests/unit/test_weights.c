#include <unistd.h>

#include "model_fixture.h"
#include "safetensors_fixture.h"
#include "test.h"

// A weight file under construction: each tensor's floats are all its number.
struct file {
    char header[8192];
    float data[4096];
    size_t n, n_floats;
};

static void put(struct file *f, const char *name, const char *shape,
                size_t n_floats)
{
    size_t used = strlen(f->header);
    snprintf(f->header + used, sizeof(f->header) - used,
             "%s\"%s\":{\"dtype\":\"F32\",\"shape\":%s,"
             "\"data_offsets\":[%zu,%zu]}",
             used ? "," : "{", name, shape, 4 * f->n_floats,
             4 * (f->n_floats + n_floats));
    f->n++;
    for (size_t i = 0; i < n_floats; i++)
        f->data[f->n_floats++] = (float)f->n;
}

static char path[] = "/tmp/gnnac-weights-XXXXXX";

static void save(struct file *f)
{
    size_t n;
    strcat(f->header, "}");
    char *bytes = safetensors_file(f->header, 4 * f->n_floats, &n);
    memcpy(bytes + n - 4 * f->n_floats, f->data, 4 * f->n_floats);
    FILE *out = fopen(path, "wb");
    fwrite(bytes, 1, n, out);
    fclose(out);
    free(bytes);
}

static bool open_model(struct fixture_model *f, const char *name, int32_t mlp)
{
    struct fixture_graph g = fixture_graph_of(2, NULL, 0);
    bool ok = fixture_model_init(f,
                                 &(struct model_request){.name = name,
                                                         .dim = 3,
                                                         .layers = 1,
                                                         .mlp = mlp,
                                                         .classes = 2},
                                 &g, 1, 1, NULL);
    CHECK(ok);
    fixture_graph_finish(&g);
    return ok;
}

static gnnac_status load(struct fixture_model *f, struct file *w,
                         gnnac_error *err)
{
    save(w);
    err->msg[0] = '\0';
    return params_load(f->program, path, f->model.params, err);
}

static float first_of(const struct fixture_model *f, const char *name)
{
    return f->model.params[program_param(f->program, name)][0];
}

TEST(names_of_pytorch_geometric_are_found)
{
    struct fixture_model f;
    gnnac_error err;
    struct file w = {.n = 0};
    if (!open_model(&f, "sage", 0))
        return;
    put(&w, "convs.0.lin_l.weight", "[2,3]", 6);
    put(&w, "convs.0.lin_r.weight", "[2,3]", 6);
    put(&w, "convs.0.lin_l.bias", "[2]", 2);
    CHECK_INT(load(&f, &w, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    CHECK_NEAR(first_of(&f, "convs.0.lin_l.weight"), 1, 0);
    CHECK_NEAR(first_of(&f, "convs.0.lin_r.weight"), 2, 0);
    CHECK_NEAR(first_of(&f, "convs.0.lin_l.bias"), 3, 0);
    fixture_model_finish(&f);
}

TEST(members_named_conv1_are_found)
{
    struct fixture_model f;
    gnnac_error err;
    struct file w = {.n = 0};
    if (!open_model(&f, "gcn", 0))
        return;
    put(&w, "conv1.bias", "[2]", 2);
    put(&w, "conv1.lin.weight", "[2,3]", 6);
    CHECK_INT(load(&f, &w, &err), GNNAC_OK);
    CHECK_NEAR(first_of(&f, "convs.0.bias"), 1, 0);
    fixture_model_finish(&f);
}

TEST(gin_accepts_a_linear_a_sequential_and_a_scalar_epsilon)
{
    static const char *const spellings[][2] = {{"nn", "[1]"}, {"nn.0", "[]"},
                                               {"nn.lins.0", "[1]"}};
    for (int i = 0; i < 3; i++) {
        struct fixture_model f;
        gnnac_error err;
        struct file w = {.n = 0};
        char name[64];
        if (!open_model(&f, "gin", 1))
            return;
        put(&w, "convs.0.eps", spellings[i][1], 1);
        snprintf(name, sizeof(name), "convs.0.%s.weight", spellings[i][0]);
        put(&w, name, "[2,3]", 6);
        snprintf(name, sizeof(name), "convs.0.%s.bias", spellings[i][0]);
        put(&w, name, "[2]", 2);
        CHECK_INT(load(&f, &w, &err), GNNAC_OK);
        CHECK_STR(err.msg, "");
        CHECK_NEAR(first_of(&f, "convs.0.nn.lins.0.bias"), 3, 0);
        fixture_model_finish(&f);
    }
}

TEST(gin_with_two_linear_layers_accepts_a_sequential)
{
    struct fixture_model f;
    gnnac_error err;
    struct file w = {.n = 0};
    if (!open_model(&f, "gin", 2))
        return;
    put(&w, "conv1.nn.0.weight", "[2,3]", 6);
    put(&w, "conv1.nn.0.bias", "[2]", 2);
    put(&w, "conv1.nn.2.weight", "[2,2]", 4);
    put(&w, "conv1.nn.2.bias", "[2]", 2);
    put(&w, "conv1.eps", "[1]", 1);
    CHECK_INT(load(&f, &w, &err), GNNAC_OK);
    CHECK_NEAR(first_of(&f, "convs.0.nn.lins.1.weight"), 3, 0);
    fixture_model_finish(&f);
}

TEST(files_of_another_model_are_refused)
{
    struct fixture_model f;
    gnnac_error err;
    if (!open_model(&f, "gcn", 0))
        return;
    struct file missing = {.n = 0};
    put(&missing, "convs.0.bias", "[2]", 2);
    CHECK_INT(load(&f, &missing, &err), GNNAC_ENOENT);
    CHECK_HAS(err.msg, "no tensor convs.0.lin.weight");
    CHECK_HAS(err.msg, path);

    struct file shape = {.n = 0};
    put(&shape, "convs.0.bias", "[2]", 2);
    put(&shape, "convs.0.lin.weight", "[3,2]", 6);
    CHECK_INT(load(&f, &shape, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "is [3, 2], the model needs [2, 3]");

    struct file more = {.n = 0};
    put(&more, "convs.0.bias", "[2]", 2);
    put(&more, "convs.0.lin.weight", "[2,3]", 6);
    put(&more, "convs.1.bias", "[2]", 2);
    CHECK_INT(load(&f, &more, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "convs.1.bias is no parameter of this model");
    fixture_model_finish(&f);
}

TEST(other_types_are_refused)
{
    struct fixture_model f;
    gnnac_error err;
    struct file w = {.n = 0};
    if (!open_model(&f, "gcn", 0))
        return;
    put(&w, "convs.0.lin.weight", "[2,3]", 6);
    put(&w, "convs.0.bias", "[2]", 2);
    char *dtype = strstr(w.header, "F32");
    memcpy(dtype, "I32", 3);
    CHECK_INT(load(&f, &w, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "convs.0.lin.weight is I32, expected F32");
    fixture_model_finish(&f);
}

TEST(initial_weights_repeat_and_are_glorot_uniform)
{
    struct fixture_graph g = fixture_graph_of(2, NULL, 0);
    struct fixture_model a, b;
    struct model_request rq = {.name = "gcn", .dim = 100, .hidden = 50,
                               .classes = 2};
    CHECK(fixture_model_init(&a, &rq, &g, 1, 5, NULL));
    CHECK(fixture_model_init(&b, &rq, &g, 3, 5, NULL));
    double limit = sqrt(6.0 / 150), sum = 0, largest = 0;
    CHECK(memcmp(a.model.params[0], b.model.params[0], 5000 * 4) == 0);
    for (int i = 0; i < 5000; i++) {
        sum += (double)a.model.params[0][i];
        largest = fmax(largest, fabs((double)a.model.params[0][i]));
    }
    CHECK(largest <= limit && largest > 0.99 * limit);
    CHECK(fabs(sum / 5000) < 0.01);
    CHECK(a.model.params[1][7] == 0);
    // The first number of stream 0 of seed 5, on every machine.
    CHECK_NEAR(a.model.params[0][0],
               (float)((2 * rng_unit(rng_at(5, 0), 0) - 1) * limit), 0);
    params_init(a.program, 6, a.model.params);
    CHECK(memcmp(a.model.params[0], b.model.params[0], 5000 * 4) != 0);
    fixture_model_finish(&a);
    fixture_model_finish(&b);
    fixture_graph_finish(&g);
}

int main(void)
{
    int fd = mkstemp(path);
    if (fd < 0)
        return 77;
    close(fd);
    RUN(names_of_pytorch_geometric_are_found);
    RUN(members_named_conv1_are_found);
    RUN(gin_accepts_a_linear_a_sequential_and_a_scalar_epsilon);
    RUN(gin_with_two_linear_layers_accepts_a_sequential);
    RUN(files_of_another_model_are_refused);
    RUN(other_types_are_refused);
    RUN(initial_weights_repeat_and_are_glorot_uniform);
    unlink(path);
    return test_done();
}
