// What a manifest may say of operators on their own.
#include "bundle/manifest.h"
#include "manifest_example.h"
#include "test.h"

// The example's kernels as those of a sum of four columns, without its model.
static struct manifest *operators_example(void)
{
    struct manifest *m = example();
    struct operator_kernels *o = &m->operators.list[0];
    int32_t k = 0;
    while (k < m->n_kernels && m->kernels[k].dim != 4)
        k++;
    strcpy(m->operators.rules, OPERATOR_RULES);
    m->operators.n_list = 1;
    *o = (struct operator_kernels){"sum:4", 2, {{k}, {k}}, 1, {{0}}};
    o->choices[0] = (struct choice){.step = 1, .median_ns = 1500};
    strcpy(o->choices[0].rule, "even_rows");
    m->model = (struct model){.name = "operators"};
    m->program = (struct program){0};
    m->n_choices = 0;
    return m;
}

TEST(operators_need_no_model)
{
    struct manifest *m = operators_example(), *back = calloc(1, sizeof(*back));
    gnnac_error err = {{0}};
    char *text = text_of(m);
    CHECK_HAS(text, "\"requires\":[\"operators\"]");
    CHECK_INT(manifest_parse(text, strlen(text), back, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    CHECK(!has_model(back));
    CHECK(memcmp(&back->operators, &m->operators, sizeof(m->operators)) == 0);
    free(text);
    free(back);
    free(m);
}

static void refused_operators(struct manifest *m, const char *why)
{
    gnnac_error err = {{0}};
    CHECK_INT(manifest_check(m, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, why);
    free(m);
}

TEST(operators_whose_kernels_do_not_fit_are_refused)
{
    struct manifest *m = operators_example();
    m->operators.list[0].steps[1].kernel = m->n_kernels;
    refused_operators(m, "a kernel is not there");
    m = operators_example();
    m->operators.list[0].choices[0].step = 2;
    refused_operators(m, "a choice is about a step that is not there");
    m = operators_example();
    m->operators.list[0].n_choices = 0;
    m->operators.list[0].n_steps = 1;
    refused_operators(m, "1 kernels, sum:4 has 2 steps");
    m = operators_example();
    strcpy(m->operators.list[0].key, "sum:5");
    refused_operators(m, "made for another width");
    m = operators_example();
    m->kernels[m->operators.list[0].steps[1].kernel].heads = 2;
    refused_operators(m, "made for another number of heads");
    m = operators_example();
    m->kernels[m->operators.list[0].steps[1].kernel].out_slab = 8;
    refused_operators(m, "made for other slabs");
    m = operators_example();
    m->operators.list[1] = m->operators.list[m->operators.n_list++ - 1];
    refused_operators(m, "operators[1] is there twice");
    const char *const keys[] = {"sum",     "sum:",  "sum:0", "sum:04", "sum:4 ",
                                "sum:-4",  "sum:+4", "add:4", "",
                                "sum:1048577", "sum:99999999999999999999",
                                "sum:2x2", "sddmm:2x", "sddmm:x2", "sddmm:0x4",
                                "sddmm:2x02", "attention:2x2x1",
                                "attention:1024x1025", "wsum", "maxx:4"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        m = operators_example();
        strcpy(m->operators.list[0].key, keys[i]);
        refused_operators(m, "operator '");
    }
}

// Gives the operator as many kernels as it has steps, all the same one.
static struct manifest *operator_of(const char *key, int n_steps)
{
    struct manifest *m = operators_example();
    struct operator_kernels *o = &m->operators.list[0];
    strcpy(o->key, key);
    o->n_steps = n_steps;
    for (int i = 1; i < n_steps; i++)
        o->steps[i] = o->steps[0];
    return m;
}

static struct kernel *kernel_of(struct manifest *m)
{
    return &m->kernels[m->operators.list[0].steps[0].kernel];
}

TEST(every_operator_has_its_number_of_steps)
{
    static const struct {
        const char *key;
        int n;
    } all[] = {{"sum:4", 2},  {"mean:4", 3},  {"max:4", 3},   {"min:4", 3},
               {"wsum:4", 3}, {"wmean:4", 4}, {"sddmm:4", 3}, {"sddmm:2x2", 3},
               {"attention:4", 8}, {"attention:2x2", 8}};
    char why[64];
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        snprintf(why, sizeof(why), "%s has %d steps", all[i].key, all[i].n);
        refused_operators(operator_of(all[i].key, 7), why);
    }
}

TEST(an_operators_key_has_one_spelling)
{
    refused_operators(operator_of("sddmm:1x4", 3),
                      "sddmm:1x4 is written sddmm:4");
    refused_operators(operator_of("attention:1x4", 6), "is written");
}

TEST(kernels_of_weighted_sums_read_weights_and_others_do_not)
{
    struct manifest *m = operator_of("wsum:4", 3);
    refused_operators(m, "does not read the edges' weights");
    m = operator_of("sum:4", 2);
    CHECK_INT(manifest_check(m, NULL), GNNAC_OK);
    kernel_of(m)->launches[0].count = GRID_WEIGHTS;
    refused_operators(m, "counts what the step does not have");
    m = operator_of("sum:4", 2);
    struct launch *l = &kernel_of(m)->launches[0];
    l->args[l->n_args++] = ARG_EDGE_VALUES;
    refused_operators(m, "an operand that the step does not have");
    static const enum launch_arg others[] = {ARG_EDGE_OUT, ARG_EDGE_OF, ARG_G,
                                             ARG_STATE, ARG_KEPT};
    for (int i = 0; i < 5; i++) {
        m = operator_of("sum:4", 2);
        l = &kernel_of(m)->launches[0];
        l->args[l->n_args++] = others[i];
        refused_operators(m, "an operand that the step does not have");
    }
}

TEST(kernels_of_products_write_values_of_edges_and_nothing_else)
{
    struct manifest *m = operator_of("sddmm:4", 3);
    kernel_of(m)->heads = 1;
    refused_operators(m, "an operand that the step does not have");
    m = operator_of("sddmm:2x2", 3);
    kernel_of(m)->heads = 1;
    refused_operators(m, "made for another number of heads");
    m = operator_of("sddmm:4", 3);
    kernel_of(m)->heads = 1;
    struct launch *l = &kernel_of(m)->launches[0];
    CHECK_INT(l->args[0], ARG_OUT);
    l->args[0] = ARG_X;
    refused_operators(m, "writes no values of edges");
}

TEST(a_manifest_has_a_model_or_operators)
{
    struct manifest *m = operators_example();
    m->operators = (struct operators){.rules = ""};
    refused_operators(m, "neither a model nor operators");
    m = operators_example();
    m->program.n_buffers = 1;
    refused_operators(m, "a program without a model");
}

// A plan refuses them; the file is not damaged.
TEST(operators_of_other_rules_are_read_as_they_are)
{
    struct manifest *m = operators_example();
    strcpy(m->operators.rules, "other");
    strcpy(m->operators.list[0].key, "median:4");
    CHECK_INT(manifest_check(m, NULL), GNNAC_OK);
    free(m);
}

int main(void)
{
    RUN(operators_need_no_model);
    RUN(operators_whose_kernels_do_not_fit_are_refused);
    RUN(every_operator_has_its_number_of_steps);
    RUN(an_operators_key_has_one_spelling);
    RUN(kernels_of_weighted_sums_read_weights_and_others_do_not);
    RUN(kernels_of_products_write_values_of_edges_and_nothing_else);
    RUN(a_manifest_has_a_model_or_operators);
    RUN(operators_of_other_rules_are_read_as_they_are);
    return test_done();
}
