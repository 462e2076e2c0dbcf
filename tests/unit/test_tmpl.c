#include "emit/tmpl.h"
#include "test.h"

#include <sys/stat.h>
#include <unistd.h>

// A folder with the given files, NULL-terminated pairs of name and text.
static char folder[64];

static void write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        abort();
}

static void remove_file(const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    unlink(path);
}

static const char head[] =
    "//% family { op = \"aggregate\", doc = [[adds]] }\n"
    "//% knob { name = \"partSize\", tag = \"p\", min = 1, max = 64, "
    "default = 32,\n"
    "//%        doc = \"neighbours\" }\n"
    "//% knob { name = \"lanes\", tag = \"l\", min = 1, max = 32, "
    "default = 8, doc = \"lanes\" }\n"
    "\n";
static const char launch[] =
    "//% local p = launch { entry = kernel, grid = { \"n_rows\", per = lanes, "
    "y = 2 },\n"
    "//%   block = 32, args = { \"out\", \"rowptr\", \"x\", \"n_rows\" } }\n"
    "void ${kernel}(${p});\n";

static struct kernel_spec spec = {.dim = 5, .x_pitch = 8, .out_pitch = 5,
                                  .self_pitch = 6, .norm = NORM_MEAN,
                                  .self_term = SELF_EPS, .bias = true,
                                  .act = ACT_RELU, .offset_bits = 64};

// Emit t.cu.lua, whose text is `before` the head, then `body`.
static gnnac_status emit_text(const char *text, struct emitted *out,
                              gnnac_error *err)
{
    const char *dirs[] = {folder};
    struct catalog *c = NULL;
    struct candidate point = {0};
    memset(err, 0, sizeof(*err));
    write_file("t.cu.lua", text);
    gnnac_status st = catalog_open(dirs, 1, &c, err);
    if (st != GNNAC_OK)
        return st;
    point.family = family_find(catalog_families(c), "t");
    for (size_t i = 0; i < point.family->n_knobs; i++)
        point.values[i] = point.family->knobs[i].dflt;
    st = tmpl_emit(c, &point, &spec, out, err);
    catalog_close(c);
    return st;
}

static gnnac_status emit_body(const char *body, struct emitted *out,
                              gnnac_error *err)
{
    char text[8192];
    snprintf(text, sizeof(text), "%s%s%s", head, launch, body);
    return emit_text(text, out, err);
}

// The message for a body that must not work.
static const char *refusal(const char *body, gnnac_status want)
{
    static gnnac_error err;
    struct emitted e = {0};
    CHECK_INT(emit_body(body, &e, &err), want);
    CHECK(e.source == NULL);
    emitted_finish(&e);
    return err.msg;
}

TEST(a_head_declares_the_family_and_its_knobs)
{
    const char *dirs[] = {folder};
    struct catalog *c;
    char hex[33];
    write_file("t.cu.lua", head);
    CHECK_INT(catalog_open(dirs, 1, &c, NULL), GNNAC_OK);
    const struct family *f = family_find(catalog_families(c), "t");
    CHECK(f != NULL);
    CHECK_STR(f->op, "aggregate");
    CHECK_INT(f->n_knobs, 2);
    CHECK_STR(f->knobs[0].name, "partSize");
    CHECK_INT(f->knobs[0].min, 1);
    CHECK_INT(f->knobs[0].max, 64);
    CHECK_INT(f->knobs[0].dflt, 32);
    CHECK_STR(f->knobs[0].doc, "neighbours");
    catalog_hash(c, hex);
    CHECK_INT(strlen(hex), 32);
    catalog_close(c);
}

TEST(a_kernel_carries_its_launches_and_a_name_with_every_parameter)
{
    struct emitted e = {0};
    gnnac_error err;
    CHECK_INT(emit_body("//% needs { part_size = partSize, "
                        "part_rows = 8, parts_per_block = 4, "
                        "partials = true }\n",
                        &e, &err),
              GNNAC_OK);
    CHECK_STR(e.kernel.name,
              "gnnac_t_f32_d5_p32_l8_mean_selfeps_bias_relu_x8_s6_o64");
    CHECK_STR(e.kernel.family, "t");
    CHECK_INT(e.kernel.dim, 5);
    CHECK_INT(e.kernel.offset_bits, 64);
    CHECK_INT(e.kernel.part_size, 32);
    CHECK_INT(e.kernel.part_rows, 8);
    CHECK_INT(e.kernel.parts_per_block, 4);
    CHECK(e.kernel.partials);
    CHECK_INT(e.kernel.n_launches, 1);
    CHECK_INT(e.kernel.launches[0].per_block, 8);
    CHECK_INT(e.kernel.launches[0].grid_y, 2);
    CHECK_INT(e.kernel.launches[0].n_args, 4);
    CHECK_INT(e.kernel.launches[0].args[1], ARG_ROWPTR);
    CHECK_HAS(e.source, "float *out, const offset_t *rowptr, const float *x,");
    CHECK_HAS(e.source, "int n_rows);");
    emitted_finish(&e);
}

TEST(the_same_arguments_give_the_same_bytes)
{
    struct emitted a = {0}, b = {0};
    gnnac_error err;
    const char body[] = "//% for k, v in pairs { a = 1, b = 2, c = 3 } do\n"
                        "int ${k} = ${v};\n"
                        "//% end\n";
    CHECK_INT(emit_body(body, &a, &err), GNNAC_OK);
    CHECK_INT(emit_body(body, &b, &err), GNNAC_OK);
    CHECK_STR(a.source, b.source);
    emitted_finish(&a);
    emitted_finish(&b);
}

TEST(numbers_become_literals_that_read_back)
{
    struct emitted e = {0};
    gnnac_error err;
    CHECK_INT(emit_body("x = a-${-3} + ${1 << 40} + ${0.1} + ${2.0} + ${1e30} "
                        "+ ${-0.5} + ${1/3};\n"
                        "${spec.norm} ${\"a_1\"} \\n \"${lanes}\" }{ "
                        "${({7})[1]}\n",
                        &e, &err),
              GNNAC_OK);
    CHECK_HAS(e.source, "x = a-(-3) + 1099511627776LL + 0.1f + 2.0f + 1e+30f "
                        "+ (-0.5f) + 0.33333334f;\n");
    CHECK_HAS(e.source, "mean a_1 \\n \"8\" }{ 7\n");
    emitted_finish(&e);
}

TEST(text_that_is_no_identifier_is_refused)
{
    CHECK_STR(refusal("int a;\nint ${\"b; int c\"};\n", GNNAC_EFORMAT),
              "templates/t.cu.lua:10: 'b; int c' is no identifier, so it may "
              "not stand in the CUDA text");
    CHECK_HAS(refusal("${\"\"}\n", GNNAC_EFORMAT), "is no identifier");
    CHECK_HAS(refusal("${\"1a\"}\n", GNNAC_EFORMAT), "is no identifier");
    CHECK_HAS(refusal("${nil}\n", GNNAC_EFORMAT), "a nil value may not");
    CHECK_HAS(refusal("${0/0}\n", GNNAC_EFORMAT), "not a finite float");
    CHECK_HAS(refusal("${1e300}\n", GNNAC_EFORMAT), "not a finite float");
    CHECK_HAS(refusal("${math.mininteger}\n", GNNAC_EFORMAT), "no literal");
}

TEST(line_marks_stand_where_lines_jump)
{
    struct emitted e = {0};
    gnnac_error err;
    CHECK_INT(emit_body("first;\n"
                        "second;\n"
                        "//% if false then\n"
                        "third;\n"
                        "//% end\n"
                        "fourth;\n"
                        "}\n",
                        &e, &err),
              GNNAC_OK);
    CHECK_HAS(e.source, "int n_rows);\n"
                        "#line 9 \"/gnnac/templates/t.cu.lua\"\n"
                        "first;\n"
                        "second;\n"
                        "#line 14 \"/gnnac/templates/t.cu.lua\"\n"
                        "fourth;\n"
                        "}\n");
    emitted_finish(&e);
}

TEST(a_library_is_included_once_and_returns_a_table)
{
    struct emitted e = {0};
    gnnac_error err;
    write_file("lib.lib.lua", "//% local n = 0\n"
                              "//% local lib = {}\n"
                              "//% function lib.count()\n"
                              "//%   n = n + 1\n"
                              "count ${n} of ${spec.dim};\n"
                              "//% end\n"
                              "//% return lib\n");
    CHECK_INT(emit_body("//% include(\"lib\").count()\n"
                        "//% include(\"lib\").count()\n",
                        &e, &err),
              GNNAC_OK);
    CHECK_HAS(e.source, "#line 5 \"/gnnac/templates/lib.lib.lua\"\n"
                        "count 1 of 5;\n");
    CHECK_HAS(e.source, "count 2 of 5;\n");
    emitted_finish(&e);
    CHECK_HAS(refusal("//% include \"libs\"\n", GNNAC_EFORMAT),
              "templates/t.cu.lua:9: there is no libs.lib.lua");
    write_file("lib.lib.lua", "//% return include \"lib\"\n");
    CHECK_HAS(refusal("//% include \"lib\"\n", GNNAC_EFORMAT),
              "lib.lib.lua includes itself");
    remove_file("lib.lib.lua");
}

TEST(a_failed_check_makes_the_point_unsupported)
{
    CHECK_STR(refusal("//% check(lanes < 4, \"%d lanes are too many\", "
                      "lanes)\n",
                      GNNAC_EUNSUPPORTED),
              "templates/t.cu.lua:9: 8 lanes are too many");
}

TEST(errors_name_the_template_and_the_line)
{
    CHECK_HAS(refusal("a;\n//% error(\"no\")\n", GNNAC_EFORMAT),
              "templates/t.cu.lua:10: no");
    CHECK_HAS(refusal("//% local x = = 1\n", GNNAC_EFORMAT),
              "templates/t.cu.lua:9: ");
    CHECK_HAS(refusal("${lanes\n", GNNAC_EFORMAT),
              "templates/t.cu.lua:9: ${ without }");
    CHECK_HAS(refusal("${spec.width}\n", GNNAC_EFORMAT),
              "templates/t.cu.lua:9: spec has no field 'width'");
    CHECK_HAS(refusal("//% while true do end\n", GNNAC_EFORMAT),
              "templates/t.cu.lua:9: ");
    CHECK_HAS(refusal("//% io.open(\"x\")\n", GNNAC_EFORMAT),
              "templates/t.cu.lua:9: ");
}

TEST(launches_are_checked)
{
    static const struct {
        const char *body, *message;
    } bad[] = {
        {"//% launch { entry = \"x\" }\n", "entry must begin with"},
        {"//% launch { entry = kernel, grid = { \"n_rows\" }, args = {} }\n",
         "launched twice"},
        {"//% launch { entry = kernel .. \"_2\", grid = { \"rows\" } }\n",
         "counted in n_rows"},
        {"//% launch { entry = kernel .. \"_2\", grid = { \"n_rows\", per = 0 "
         "} }\n",
         "per is 0"},
        {"//% launch { entry = kernel .. \"_2\", grid = { \"n_rows\" }, args = "
         "{ \"y\" } }\n",
         "no launch argument 'y'"},
        {"//% launch { entry = kernel .. \"_2\", grid = { \"n_rows\" }, args = "
         "{ \"x\" }, block = 2000 }\n",
         "block is 2000"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_HAS(refusal(bad[i].body, GNNAC_EFORMAT), bad[i].message);
}

TEST(heads_are_checked)
{
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"void f();\n", "templates/t.cu.lua:1: a template begins with"},
        {"//% knob { name = \"a\" }\n", "must be declared before its knobs"},
        {"//% family { op = \"aggregate\" }\n", "doc must be a text"},
        {"//% family { op = \"aggregate\", doc = \"\", note = 1 }\n",
         "family has no field 'note'"},
        {"//% family { op = \"aggregat\", doc = \"\" }\n",
         "no step runs 'aggregat'"},
        {"//% family { op = \"weight_grad\", doc = \"\" }\n",
         "no step runs 'weight_grad'"},
        {"//% family { op = \"aggregate\", doc = \"\" }\n"
         "//% knob { name = \"end\", tag = \"e\", min = 1, max = 2, default = "
         "1, doc = \"\" }\n",
         "templates/t.cu.lua:2: 'end' cannot be the name of a knob"},
        {"//% family { op = \"aggregate\", doc = \"\" }\n"
         "//% knob { name = \"a\", tag = \"E\", min = 1, max = 2, default = "
         "1, doc = \"\" }\n",
         "'E' cannot be the tag of a knob"},
        {"//% family { op = \"aggregate\", doc = \"\" }\n"
         "//% knob { name = \"a\", tag = \"\", min = 1, max = 2, default = "
         "1, doc = \"\" }\n",
         "'' cannot be the tag of a knob"},
        {"//% family { op = \"aggregate\", doc = \"\" }\n"
         "//% knob { name = \"a\", tag = \"t\", min = 1, max = 2, default = "
         "1, doc = \"\" }\n"
         "//% knob { name = \"b\", tag = \"t\", min = 1, max = 2, default = "
         "1, doc = \"\" }\n",
         "templates/t.cu.lua:3: the tag 't' is the knob a's"},
        {"//% family { op = \"aggregate\", doc = \"\" }\n"
         "//% knob { name = \"e\", tag = \"e\", min = 1, max = 2, default = "
         "3, doc = \"\" }\n",
         "the default is not between"},
        {"//% family { op = \"aggregate\", doc = \"\" }\n"
         "//% knob { name = \"a\", tag = \"a\", min = 0, max = 2, default = "
         "1, atomics = true, doc = \"\" }\n",
         "knob a: atomics are no default"},
        {"//% family { op = \"aggregate\", doc = \"\" }\n"
         "//% knob { name = \"a\", tag = \"a\", min = 0, max = 2, default = "
         "0, atomics = 0, doc = \"\" }\n",
         "atomics must be true, false or a value from 1 on"},
        {"//% family { op = spec.op, doc = \"\" }\n",
         "templates/t.cu.lua:1: "},
    };
    struct emitted e = {0};
    gnnac_error err;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_INT(emit_text(bad[i].text, &e, &err), GNNAC_EFORMAT);
        CHECK_HAS(err.msg, bad[i].message);
    }
}

TEST(a_kernel_knows_whether_its_knobs_ask_for_atomics)
{
    const char *dirs[] = {folder};
    struct catalog *c;
    char text[4096];
    snprintf(text, sizeof(text),
             "//%% family { op = \"aggregate\", doc = \"\" }\n"
             "//%% knob { name = \"adds\", tag = \"l\", min = 0, max = 8, "
             "default = 0, atomics = true, doc = \"\" }\n\n"
             "//%% local lanes = 8\n%s",
             launch);
    write_file("t.cu.lua", text);
    CHECK_INT(catalog_open(dirs, 1, &c, NULL), GNNAC_OK);
    for (int i = 0; i < 3; i++) {
        struct emitted e = {0};
        struct candidate p = {.family = catalog_families(c)->items,
                              .values = {i}};
        CHECK_INT(tmpl_emit(c, &p, &spec, &e, NULL), GNNAC_OK);
        CHECK(e.kernel.atomics == (i > 0));
        emitted_finish(&e);
    }
    catalog_close(c);
}

TEST(points_and_specs_out_of_range_are_refused)
{
    const char *dirs[] = {folder};
    struct catalog *c;
    struct emitted e = {0};
    gnnac_error err = {{0}};
    char text[4096];
    snprintf(text, sizeof(text), "%s%s", head, launch);
    write_file("t.cu.lua", text);
    CHECK_INT(catalog_open(dirs, 1, &c, &err), GNNAC_OK);
    struct candidate p = {.family = catalog_families(c)->items};
    p.values[0] = 65, p.values[1] = 8;
    CHECK_INT(tmpl_emit(c, &p, &spec, &e, &err), GNNAC_EUNSUPPORTED);
    CHECK_STR(err.msg, "t: partSize is 65, not from 1 to 64");
    struct kernel_spec narrow = spec;
    narrow.x_pitch = 4;
    p.values[0] = 64;
    CHECK_INT(tmpl_emit(c, &p, &narrow, &e, NULL), GNNAC_EUSAGE);
    CHECK(e.source == NULL);
    CHECK_INT(tmpl_emit(c, &p, &spec, &e, NULL), GNNAC_OK);
    emitted_finish(&e);
    catalog_close(c);
}

TEST(the_first_folder_wins_and_none_is_an_error)
{
    char source[512];
    const char *root = getenv("GNNAC_SOURCE_ROOT");
    snprintf(source, sizeof(source), "%s/templates", root ? root : "..");
    const char *both[] = {"/nowhere/at/all", folder, source};
    struct catalog *c;
    gnnac_error err = {{0}};
    write_file("row_split.cu.lua", head);
    remove_file("t.cu.lua");
    CHECK_INT(catalog_open(both, 3, &c, &err), GNNAC_OK);
    CHECK(catalog_families(c)->n >= 7);
    CHECK_INT(family_find(catalog_families(c), "row_split")->n_knobs, 2);
    CHECK(family_find(catalog_families(c), "neighbor_group") != NULL);
    catalog_close(c);
    remove_file("row_split.cu.lua");
    CHECK_INT(catalog_open(both, 1, &c, &err), GNNAC_ENOENT);
    CHECK_STR(err.msg, "no templates (*.cu.lua) in /nowhere/at/all");
}

int main(void)
{
    snprintf(folder, sizeof(folder), "/tmp/gnnac-tmpl-XXXXXX");
    if (!mkdtemp(folder))
        abort();
    RUN(a_head_declares_the_family_and_its_knobs);
    RUN(a_kernel_carries_its_launches_and_a_name_with_every_parameter);
    RUN(the_same_arguments_give_the_same_bytes);
    RUN(numbers_become_literals_that_read_back);
    RUN(text_that_is_no_identifier_is_refused);
    RUN(line_marks_stand_where_lines_jump);
    RUN(a_library_is_included_once_and_returns_a_table);
    RUN(a_failed_check_makes_the_point_unsupported);
    RUN(errors_name_the_template_and_the_line);
    RUN(launches_are_checked);
    RUN(heads_are_checked);
    RUN(a_kernel_knows_whether_its_knobs_ask_for_atomics);
    RUN(points_and_specs_out_of_range_are_refused);
    RUN(the_first_folder_wins_and_none_is_an_error);
    remove_file("t.cu.lua");
    rmdir(folder);
    return test_done();
}
