#include "plan/lower.h"
#include "plan/opspec.h"
#include "plan/order_steps.h"
#include "plan/fuse.h"
#include "plan/scaled_rows.h"
#include "workspace.h"
#include "same_spec.h"
#include "test.h"

static struct program lowered(struct model_request rq, int64_t nodes,
                              int64_t edges, struct model *m)
{
    static struct program p;
    CHECK_INT(model_build(&rq, m, NULL), GNNAC_OK);
    CHECK_INT(lower_model(m, nodes, edges, &p, NULL), GNNAC_OK);
    return p;
}

static int count_kind(const struct program *p, enum step_kind kind)
{
    int n = 0;
    for (int32_t i = 0; i < p->n_steps; i++)
        n += p->steps[i].kind == kind;
    return n;
}

TEST(presets_have_the_documented_layers_and_widths)
{
    struct model m;
    lowered((struct model_request){.name = "gin", .dim = 1433, .classes = 7},
            2708, 10556, &m);
    CHECK_INT(m.n_layers, 5);
    CHECK_INT(m.layers[0].in_dim, 1433);
    CHECK_INT(m.layers[0].out_dim, 64);
    CHECK_INT(m.layers[4].out_dim, 7);
    CHECK_INT(m.layers[4].act, ACT_NONE);
    lowered((struct model_request){.name = "gcn"}, 10, 10, &m);
    CHECK_INT(m.n_layers, 2);
    CHECK_INT(m.layers[0].out_dim, 16);
    lowered((struct model_request){.name = "sage"}, 10, 10, &m);
    CHECK_INT(m.layers[0].out_dim, 64);
}

TEST(a_shrinking_layer_transforms_first_and_fuses_its_epilogue)
{
    struct model m;
    struct program p = lowered(
        (struct model_request){.name = "gcn", .dim = 100, .layers = 1,
                               .classes = 4},
        50, 400, &m);
    CHECK_INT(p.n_steps, 3);
    CHECK_INT(p.steps[0].kind, STEP_LINEAR);
    CHECK_INT(p.steps[1].kind, STEP_AGGREGATE);
    CHECK_INT(p.buffers[p.steps[1].x].dim, 4);
    CHECK(p.steps[1].bias >= 0);
    CHECK_INT(p.steps[2].kind, STEP_LOG_SOFTMAX);
}

TEST(logits_are_the_last_layers_output)
{
    struct model m;
    struct program p =
        lowered((struct model_request){.name = "gcn", .logits = true}, 50, 400,
                &m);
    CHECK(!m.log_softmax);
    CHECK_INT(count_kind(&p, STEP_LOG_SOFTMAX), 0);
    CHECK_INT(p.steps[p.n_steps - 1].out, 1);
}

TEST(a_growing_layer_aggregates_first)
{
    struct model m;
    struct program p = lowered(
        (struct model_request){.name = "sage", .dim = 4, .layers = 1,
                               .classes = 100},
        50, 400, &m);
    CHECK_INT(p.steps[0].kind, STEP_AGGREGATE);
    CHECK_INT(p.buffers[p.steps[0].out].dim, 4);
    CHECK_INT(p.steps[0].self_term, SELF_NONE);
    CHECK_INT(p.steps[2].kind, STEP_LINEAR);
    CHECK(p.steps[2].accumulate);
    CHECK_INT(p.steps[3].kind, STEP_BIAS_ACT);
}

TEST(gin_with_two_linear_layers_activates_between_them)
{
    struct model m;
    struct program p = lowered(
        (struct model_request){.name = "gin", .dim = 8, .layers = 1, .mlp = 2,
                               .classes = 3},
        50, 400, &m);
    CHECK_INT(p.steps[1].kind, STEP_AGGREGATE);
    CHECK_INT(p.steps[1].act, ACT_RELU);
    CHECK_INT(count_kind(&p, STEP_LINEAR), 2);
    CHECK_STR(p.params[0].name, "convs.0.nn.lins.0.weight");
    CHECK_STR(p.params[2].name, "convs.0.nn.lins.1.weight");
}

TEST(every_buffer_is_written_before_it_is_read)
{
    static const char *const names[] = {"gcn", "gin", "sage"};
    static const int32_t dims[] = {1, 3, 16, 33, 64, 100, 1433};
    for (int k = 0; k < 3; k++)
        for (int d = 0; d < 7; d++) {
            struct model m;
            struct program p = lowered(
                (struct model_request){.name = names[k], .dim = dims[d],
                                       .classes = 7},
                100, 1000, &m);
            bool written[MAX_BUFFERS] = {true};
            for (int32_t i = 0; i < p.n_steps; i++) {
                const struct step *s = &p.steps[i];
                CHECK(written[s->x]);
                CHECK(s->self < 0 || written[s->self]);
                CHECK(!s->accumulate || written[s->out]);
                written[s->out] = true;
            }
            CHECK(written[1]);
        }
}

TEST(wide_matrices_need_64_bit_offsets)
{
    struct model m;
    struct program p = lowered(
        (struct model_request){.name = "gcn", .dim = 100, .layers = 1,
                               .classes = 64},
        40000000, 80000000, &m);
    CHECK_INT(step_offset_bits(&p, &p.steps[1], 40000000, 80000000), 64);
    CHECK_INT(step_offset_bits(&p, &p.steps[1], 1000, 80000000), 32);
    CHECK_INT(step_offset_bits(&p, &p.steps[1], 1000, INT64_C(1) << 31), 64);
    // Kernels step past a row's last edge, many at once.
    CHECK_INT(step_offset_bits(&p, &p.steps[1], 1000, INT32_MAX - 4096), 64);
}

TEST(unknown_models_and_impossible_widths_are_refused)
{
    struct model m;
    gnnac_error err = {{0}};
    struct model_request rq = {.name = "gnc"};
    CHECK_INT(model_build(&rq, &m, &err), GNNAC_EUSAGE);
    CHECK_HAS(err.msg, "gnc");
    rq = (struct model_request){.name = "gcn", .dim = -1};
    CHECK_INT(model_build(&rq, &m, NULL), GNNAC_EUSAGE);
    rq = (struct model_request){.name = "gcn", .layers = MAX_LAYERS + 1};
    CHECK_INT(model_build(&rq, &m, NULL), GNNAC_EUSAGE);
    rq = (struct model_request){.name = "sage", .mlp = 2};
    CHECK_INT(model_build(&rq, &m, NULL), GNNAC_EUSAGE);
}

TEST(the_deepest_model_fits_the_tables)
{
    struct model m;
    struct program p = lowered(
        (struct model_request){.name = "gin", .layers = MAX_LAYERS, .mlp = 2},
        100, 1000, &m);
    CHECK_INT(count_kind(&p, STEP_AGGREGATE), MAX_LAYERS);
}

// ---- reordered graphs -------------------------------------------------------

static struct program ordered(struct model_request rq, struct model *m)
{
    static struct program p;
    p = lowered(rq, 50, 400, m);
    CHECK_INT(program_add_order(&p, NULL), GNNAC_OK);
    return p;
}

static int64_t width_moved(const struct program *p, enum step_kind kind)
{
    int64_t width = 0;
    for (int32_t i = 0; i < p->n_steps; i++)
        if (p->steps[i].kind == kind)
            width += p->buffers[p->steps[i].out].dim;
    return width;
}

TEST(rows_change_order_where_they_are_narrowest)
{
    static const struct {
        struct model_request rq;
        int64_t enter, leave; // columns moved
    } cases[] = {
        // behind the first product; before the output's log-softmax
        {{.name = "gcn", .dim = 100, .classes = 4}, 16, 4},
        // the features themselves; the sums before they are widened
        {{.name = "gcn", .dim = 3, .layers = 1, .classes = 40}, 3, 3},
        {{.name = "gin", .dim = 10, .hidden = 20, .classes = 30}, 10, 20},
        // two products of 64 columns are wider than their operand
        {{.name = "sage", .dim = 100, .classes = 7}, 100, 7},
        {{.name = "sage", .dim = 200, .classes = 7}, 128, 7},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct model m;
        struct program p = ordered(cases[i].rq, &m);
        CHECK_INT(width_moved(&p, STEP_GRAPH_ORDER), cases[i].enter);
        CHECK_INT(width_moved(&p, STEP_INPUT_ORDER), cases[i].leave);
    }
}

TEST(steps_that_change_the_order_share_a_template)
{
    struct model m;
    struct opspec op;
    struct program p = ordered(
        (struct model_request){.name = "gcn", .dim = 100, .classes = 4}, &m);
    int n = 0;
    for (int32_t i = 0; i < p.n_steps; i++) {
        const struct step *s = &p.steps[i];
        if (s->kind != STEP_GRAPH_ORDER && s->kind != STEP_INPUT_ORDER)
            continue;
        n++;
        CHECK(opspec_of_step(&m, &p, s, 50, 400, &op));
        CHECK_STR(op.op, "permute_rows");
        CHECK(is_kernel_op(op.op));
    }
    CHECK_INT(n, 2);
    CHECK(!is_kernel_op("graph_order"));
}

TEST(the_deepest_reordered_model_fits_the_tables)
{
    struct model m;
    struct program p = ordered(
        (struct model_request){.name = "gin", .layers = MAX_LAYERS, .mlp = 2},
        &m);
    CHECK_INT(count_kind(&p, STEP_INPUT_ORDER), 1);
    p.n_steps = MAX_STEPS;
    gnnac_error err = {{0}};
    for (int32_t i = 0; i < MAX_STEPS; i++)
        p.steps[i] = p.steps[1];
    p.steps[0].kind = STEP_AGGREGATE;
    CHECK_INT(program_add_order(&p, &err), GNNAC_EUNSUPPORTED);
    CHECK_HAS(err.msg, "too deep");
}

// The norms of a program's steps, "linear:gcn aggregate:scaled ...".
static const char *norms_of(const struct program *p)
{
    static char text[512];
    size_t n = 0;
    text[0] = '\0';
    for (int32_t i = 0; i < p->n_steps; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s:%s",
                              i ? " " : "", step_kind_name(p->steps[i].kind),
                              norm_name(p->steps[i].norm));
    return text;
}

TEST(narrow_products_scale_the_rows_that_gcn_sums)
{
    struct model m;
    struct program p = lowered(
        (struct model_request){.name = "gcn", .dim = 100, .classes = 4}, 50,
        400, &m);
    program_scale_rows(&p);
    CHECK_STR(norms_of(&p), "linear:gcn aggregate:scaled linear:gcn "
                            "aggregate:scaled log_softmax:none");
    CHECK_INT(p.steps[1].self_term, SELF_SCALED);

    p = lowered((struct model_request){.name = "gcn", .dim = 100,
                                       .hidden = 17, .classes = 4},
                50, 400, &m);
    program_scale_rows(&p);
    CHECK_STR(norms_of(&p), "linear:none aggregate:gcn linear:gcn "
                            "aggregate:scaled log_softmax:none");
    p = lowered((struct model_request){.name = "sage", .dim = 100,
                                       .hidden = 8, .classes = 4},
                50, 400, &m);
    struct program before = p;
    program_scale_rows(&p);
    CHECK(memcmp(&before, &p, sizeof(p)) == 0);
}

static struct program stored_as(enum dtype dtype, int32_t hidden,
                                struct model *m)
{
    struct program p = lowered(
        (struct model_request){.name = "gcn", .dim = 100, .hidden = hidden,
                               .classes = 4, .dtype = dtype},
        50, 400, m);
    program_round_products(&p);
    program_scale_rows(&p);
    return p;
}

// f16 has too few small numbers for rows that are scaled.
TEST(narrow_products_write_16_bits_themselves)
{
    struct model m;
    struct program p = stored_as(DTYPE_F16, 16, &m);
    CHECK_STR(norms_of(&p), "linear:none aggregate:gcn linear:none "
                            "aggregate:gcn log_softmax:none");
    CHECK_INT(p.steps[0].out, p.steps[1].x);
    CHECK_INT(p.buffers[p.steps[0].out].dtype, DTYPE_F16);
    CHECK_INT(p.buffers[p.steps[0].x].dtype, DTYPE_F32);
    p = stored_as(DTYPE_BF16, 16, &m);
    CHECK_STR(norms_of(&p), "linear:gcn aggregate:scaled linear:gcn "
                            "aggregate:scaled log_softmax:none");
    p = stored_as(DTYPE_BF16, 17, &m); // BLAS writes what it reads
    CHECK_STR(norms_of(&p), "linear:none bias_act:none aggregate:gcn "
                            "linear:gcn aggregate:scaled log_softmax:none");
    struct program before = p = stored_as(DTYPE_F32, 16, &m);
    program_round_products(&p);
    CHECK(memcmp(&before, &p, sizeof(p)) == 0);
}

// dinv is in the graph's order: rows that are still in the input's stay plain.
TEST(rows_that_change_their_order_on_the_way_are_not_scaled)
{
    struct model m;
    struct program p = ordered(
        (struct model_request){.name = "gcn", .dim = 100, .classes = 4}, &m);
    program_scale_rows(&p);
    CHECK_STR(norms_of(&p),
              "linear:none graph_order:none aggregate:gcn linear:gcn "
              "aggregate:scaled input_order:none log_softmax:none");
}

// ---- fused steps ------------------------------------------------------------

static struct program fused(struct model_request rq, struct model *m)
{
    struct program p = lowered(rq, 50, 400, m);
    program_scale_rows(&p);
    program_fuse(&p, false);
    return p;
}

// A letter a step: f of those that the kernel before computes.
static const char *fused_of(const struct program *p)
{
    static char text[MAX_STEPS + 1];
    for (int32_t i = 0; i < p->n_steps; i++)
        text[i] = p->steps[i].fused ? 'f' : '-';
    text[p->n_steps] = '\0';
    return text;
}

TEST(sums_go_on_to_a_narrow_product_and_to_log_softmax)
{
    static const struct {
        struct model_request rq;
        const char *fused;
    } cases[] = {
        {{.name = "gcn", .dim = 100, .classes = 7}, "--f-f"},
        {{.name = "gcn", .dim = 100, .classes = 17}, "----f"}, // by BLAS
        {{.name = "gcn", .dim = 100, .hidden = 70, .classes = 64}, "----f"},
        {{.name = "gcn", .dim = 100, .hidden = 70, .classes = 65}, "-----"},
        {{.name = "gcn", .dim = 100, .hidden = 33, .classes = 8}, "----f"},
        {{.name = "gcn", .dim = 100, .hidden = 32, .classes = 8}, "--f-f"},
        // a product that another adds to is the first reader of none
        {{.name = "sage", .dim = 100, .hidden = 8, .classes = 3}, "------f"},
    };
    struct model m;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct program p = fused(cases[i].rq, &m);
        CHECK_STR(fused_of(&p), cases[i].fused);
    }
    struct program p = stored_as(DTYPE_F16, 16, &m);
    program_fuse(&p, false);
    CHECK_STR(fused_of(&p), "--f-f");
}

// aggregate, linear, bias_act and so on: what comes behind a product of ours is
// its kernel's, and that of a sum that goes on to the product.
TEST(bias_and_activation_behind_a_narrow_product_are_its_kernels)
{
    static const struct {
        struct model_request rq;
        const char *fused, *in_place;
    } cases[] = {
        {{.name = "gcn", .dim = 8, .layers = 1, .classes = 16}, "-ff-",
         "--f-"},
        {{.name = "gcn", .dim = 32, .layers = 1, .classes = 99}, "----",
         "----"},
        {{.name = "gin", .dim = 8, .layers = 1, .mlp = 2, .classes = 3},
         "--ff-", "---f-"},
        {{.name = "sage", .dim = 4, .layers = 1, .classes = 9}, "-f-f-",
         "---f-"},
        {{.name = "sage", .dim = 4, .layers = 1, .classes = 90}, "-----",
         "-----"},
    };
    struct model m;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct program p = fused(cases[i].rq, &m);
        CHECK_STR(fused_of(&p), cases[i].fused);
        program_fuse(&p, true);
        CHECK_STR(fused_of(&p), cases[i].in_place);
    }
}

TEST(a_question_about_three_steps_ends_with_the_last_ones_bias)
{
    struct model m;
    struct opspec op;
    char then[64];
    struct program p = fused((struct model_request){.name = "gin", .dim = 9,
                                                    .layers = 2, .hidden = 9,
                                                    .mlp = 2, .classes = 3},
                             &m);
    CHECK(opspec_of_step(&m, &p, &p.steps[1], 50, 400, &op));
    CHECK_INT(op.spec.tail, TAIL_LINEAR);
    CHECK_INT(op.spec.tail_dim, 9);
    CHECK_INT(op.spec.bias, true);
    CHECK_INT(op.spec.tail_bias, true);
    CHECK_INT(op.spec.tail_act, ACT_RELU);
    CHECK_HAS(op.key, " then=linear:9+bias+relu");
    CHECK_STR(tail_text(&p, &p.steps[1], then), "linear, bias_act");
    CHECK(!opspec_of_step(&m, &p, &p.steps[3], 50, 400, &op));
    program_fuse(&p, true);
    CHECK(opspec_of_step(&m, &p, &p.steps[2], 50, 400, &op));
    CHECK_INT(op.spec.tail, TAIL_BIAS_ACT);
    CHECK_HAS(op.key, " depth=9 then=bias_act:0+bias+relu");
    CHECK_STR(tail_text(&p, &p.steps[0], then), "");
}

TEST(a_question_about_two_steps_has_the_result_of_the_second)
{
    struct model m;
    struct opspec op;
    struct program p = fused(
        (struct model_request){.name = "gcn", .dim = 100, .classes = 7}, &m);
    CHECK(opspec_of_step(&m, &p, &p.steps[1], 50, 400, &op));
    CHECK_INT(op.spec.dim, 16);
    CHECK_INT(op.spec.tail, TAIL_SCALED_LINEAR);
    CHECK_INT(op.spec.tail_dim, 7);
    CHECK_INT(op.spec.out_pitch, 8);
    CHECK(!opspec_of_step(&m, &p, &p.steps[2], 50, 400, &op));
    CHECK(opspec_of_step(&m, &p, &p.steps[3], 50, 400, &op));
    CHECK_INT(op.spec.tail, TAIL_LOG_SOFTMAX);
    CHECK_INT(op.spec.tail_dim, 0);
    CHECK(!opspec_of_step(&m, &p, &p.steps[4], 50, 400, &op));
}

// While the kernel writes the product, other rows are still being summed.
TEST(what_is_written_by_a_fused_step_shares_no_memory_with_what_is_read)
{
    struct model m;
    struct workspace_plan plan;
    struct program p = fused(
        (struct model_request){.name = "gcn", .dim = 100, .classes = 7}, &m);
    CHECK_INT(workspace_plan_build(&p, 50, true, &plan, NULL), GNNAC_OK);
    size_t x = plan.offset[p.steps[1].x], out = plan.offset[p.steps[2].out];
    size_t n_bytes = (size_t)50 * 16 * sizeof(float);
    CHECK(out >= x + n_bytes || x >= out + (size_t)50 * 8 * sizeof(float));
}

TEST(the_text_of_a_question_gives_the_question_back)
{
    static const char *const models[] = {"gcn", "gin", "sage"};
    struct model m;
    struct opspec op, back;
    int n = 0;
    for (int i = 0; i < 27; i++) {
        struct program p = lowered(
            (struct model_request){.name = models[i % 3],
                                   .dim = i < 9 ? 33 + i : 2,
                                   .hidden = i < 9 ? 0 : 16,
                                   .mlp = i % 9 == 1 ? 2 : 0,
                                   .dtype = i < 18 ? DTYPE_F32 : DTYPE_BF16},
            50, 400, &m);
        if (i % 9 < 6) {
            program_round_products(&p);
            program_scale_rows(&p);
            program_fuse(&p, i % 2);
        }
        for (int32_t s = 0; s < p.n_steps; s++) {
            if (!opspec_of_step(&m, &p, &p.steps[s], 50, 400, &op))
                continue;
            CHECK(opspec_parse(op.key, &back));
            CHECK_STR(back.op, op.op);
            CHECK_STR(back.key, op.key);
            CHECK(same_spec(&back.spec, &op.spec));
            CHECK_INT(back.layer.n, op.layer.n);
            for (size_t k = 0; k < op.layer.n; k++)
                CHECK_STR(back.layer.items[k].name, op.layer.items[k].name);
            CHECK_INT(props_number(&back.layer, "layer.agg_dim"),
                      props_number(&op.layer, "layer.agg_dim"));
            n++;
        }
    }
    CHECK(n > 20);
}

// The questions that an operator's steps make, one by one.
static int ask_operator(const char *key, struct opspec out[MAX_OPERATOR_STEPS])
{
    static struct program p;
    const struct model like = {.n_layers = 1, .layers = {{.op = CONV_GIN}}};
    gnnac_plan_options o;
    p.n_buffers = p.n_steps = 0;
    CHECK_INT(operator_from_key(key, &o, NULL), GNNAC_OK);
    CHECK_INT(operator_add(&o, 0, &p, NULL), GNNAC_OK);
    for (int32_t s = 0; s < p.n_steps; s++)
        CHECK(opspec_of_step(&like, &p, &p.steps[s], 50, 400, &out[s]));
    return p.n_steps;
}

static const char *reduce_of(const struct opspec *op)
{
    return props_find(&op->layer, "layer.reduce")->text;
}

TEST(rules_are_told_what_an_operator_makes_of_neighbours)
{
    struct opspec ops[MAX_OPERATOR_STEPS], back;
    CHECK_INT(ask_operator("wmean:7", ops), 4);
    CHECK_STR(reduce_of(&ops[0]), "mean");
    CHECK(props_find(&ops[0].layer, "layer.weighted")->b);
    CHECK_INT(ops[0].spec.edges, EDGES_MAPPED);
    CHECK(opspec_parse(ops[0].key, &back));
    CHECK(same_spec(&back.spec, &ops[0].spec));
    CHECK(props_find(&back.layer, "layer.weighted")->b);
    CHECK_STR(ops[3].op, "sddmm");
    CHECK(!props_find(&ops[3].layer, "layer.weighted")->b);
    CHECK_INT(ask_operator("min:5", ops), 3);
    CHECK_STR(reduce_of(&ops[0]), "min");
    CHECK_INT(ask_operator("max:5", ops), 3);
    CHECK_STR(reduce_of(&ops[0]), "max");
    CHECK_INT(ask_operator("sddmm:3x5", ops), 3);
    CHECK_INT(ops[1].spec.heads, 3);
    CHECK_INT(ops[1].spec.channels, 5);
}

// Two steps that need different kernels must not have one text.
TEST(no_two_operators_share_a_question_that_differs)
{
    static const char *const keys[] = {"sum:12",     "mean:12",   "max:12",
                                       "min:12",     "wsum:12",   "wmean:12",
                                       "sddmm:12",   "sddmm:3x4", "sddmm:4x3",
                                       "attention:12", "attention:3x4"};
    enum { N_KEYS = sizeof(keys) / sizeof(keys[0]) };
    static struct opspec all[N_KEYS * MAX_OPERATOR_STEPS];
    int n = 0;
    for (int i = 0; i < N_KEYS; i++)
        n += ask_operator(keys[i], &all[n]);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(all[i].key, all[j].key) == 0)
                CHECK(same_spec(&all[i].spec, &all[j].spec));
    CHECK(n > 30);
}

TEST(an_operator_asks_the_same_wherever_in_a_list_it_stands)
{
    static struct program p;
    struct model like = {.name = OPERATORS_MODEL,
                         .n_layers = 2,
                         .layers = {{.op = CONV_SAGE}, {.op = CONV_SAGE}}};
    struct opspec first, second;
    gnnac_plan_options o;
    CHECK_INT(operator_from_key("mean:7", &o, NULL), GNNAC_OK);
    for (int32_t layer = 0; layer < 2; layer++)
        CHECK_INT(operator_add(&o, layer, &p, NULL), GNNAC_OK);
    int32_t n = p.n_steps / 2;
    for (int32_t i = 0; i < n; i++) {
        CHECK(opspec_of_step(&like, &p, &p.steps[i], 50, 400, &first));
        CHECK(opspec_of_step(&like, &p, &p.steps[n + i], 50, 400, &second));
        CHECK_STR(second.key, first.key);
        CHECK_INT(props_number(&second.layer, "layer.index"), 0);
    }
    strcpy(like.name, "sage"); // of layers it is told which they are
    CHECK(opspec_of_step(&like, &p, &p.steps[n], 50, 400, &second));
    CHECK_HAS(second.key, " layer=1/");
}

TEST(no_other_text_is_taken_for_a_question)
{
    static const char good[] =
        "v1 aggregate f32 layer=0/gcn in=8 out=4 dim=4 pitch=4,4,4 norm=gcn "
        "self=gcn bias=1 act=relu offset=32 forward";
    char text[sizeof(good) + 1], deep[sizeof(good) + 16];
    struct opspec op;
    CHECK(opspec_parse(good, &op));
    CHECK_INT(op.spec.depth, 0);
    snprintf(deep, sizeof(deep), "%s depth=33", good);
    CHECK(opspec_parse(deep, &op));
    CHECK_INT(op.spec.depth, 33);
    static const char *const tails[] = {" depth=", " depth=0", " depth=3 ",
                                        " depth=x", "depth=3", " deep=3",
                                        " then=linear:0", " then=none:0",
                                        " then=log_softmax:1", " then=:3",
                                        " then=linear:3 ", " then=linear",
                                        " then=bias_act:1",
                                        " then=linear:3+", " then=linear:3+x",
                                        " then=linear:3+relu+bias",
                                        " then=linear:3+none",
                                        " depth=3 add", " adds",
                                        " depth=3 adds ",
                                        " edges=", " edges=none",
                                        " edges=mapped ", " edges=maps",
                                        OPSPEC_BLAS "13.1.0"};
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        snprintf(deep, sizeof(deep), "%s%s", good, tails[i]);
        CHECK(!opspec_parse(deep, &op));
    }
    for (size_t n = 0; n < sizeof(good) - 1; n++) {
        snprintf(text, sizeof(text), "%.*s", (int)n, good);
        CHECK(!opspec_parse(text, &op));
    }
    snprintf(text, sizeof(text), "%s!", good);
    CHECK(!opspec_parse(text, &op));
    memcpy(text, good, sizeof(good));
    text[3] = 'A';
    CHECK(!opspec_parse(text, &op));
}

int main(void)
{
    RUN(presets_have_the_documented_layers_and_widths);
    RUN(a_shrinking_layer_transforms_first_and_fuses_its_epilogue);
    RUN(logits_are_the_last_layers_output);
    RUN(a_growing_layer_aggregates_first);
    RUN(gin_with_two_linear_layers_activates_between_them);
    RUN(every_buffer_is_written_before_it_is_read);
    RUN(wide_matrices_need_64_bit_offsets);
    RUN(unknown_models_and_impossible_widths_are_refused);
    RUN(the_deepest_model_fits_the_tables);
    RUN(rows_change_order_where_they_are_narrowest);
    RUN(steps_that_change_the_order_share_a_template);
    RUN(the_deepest_reordered_model_fits_the_tables);
    RUN(narrow_products_scale_the_rows_that_gcn_sums);
    RUN(narrow_products_write_16_bits_themselves);
    RUN(rows_that_change_their_order_on_the_way_are_not_scaled);
    RUN(sums_go_on_to_a_narrow_product_and_to_log_softmax);
    RUN(bias_and_activation_behind_a_narrow_product_are_its_kernels);
    RUN(a_question_about_three_steps_ends_with_the_last_ones_bias);
    RUN(a_question_about_two_steps_has_the_result_of_the_second);
    RUN(what_is_written_by_a_fused_step_shares_no_memory_with_what_is_read);
    RUN(the_text_of_a_question_gives_the_question_back);
    RUN(rules_are_told_what_an_operator_makes_of_neighbours);
    RUN(no_two_operators_share_a_question_that_differs);
    RUN(an_operator_asks_the_same_wherever_in_a_list_it_stands);
    RUN(no_other_text_is_taken_for_a_question);
    return test_done();
}
