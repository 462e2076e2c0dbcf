// Which candidates are not worth timing, by what the compiler said of them.
#include "tune/prune.h"

#include "test.h"

enum { N = 3 };

static struct device h200;

// A kernel of `block` threads; ptxas counted so many.
static struct variant make(const char *family, int registers, int spilled,
                           int shared, int block)
{
    char log[256];
    struct variant v = {.status = "ok"};
    snprintf(log, sizeof(log),
             "ptxas info    : Compiling entry function 'k' for 'sm_90'\n"
             "    0 bytes stack frame, %d bytes spill stores, 0 bytes spill "
             "loads\n"
             "ptxas info    : Used %d registers, used 1 barriers, %d bytes "
             "smem\n",
             spilled, registers, shared);
    snprintf(v.kernel.family, sizeof(v.kernel.family), "%s", family);
    snprintf(v.kernel.name, sizeof(v.kernel.name), "gnnac_%s_r%d", family,
             registers);
    v.kernel.n_launches = 1;
    v.kernel.launches[0] = (struct launch){.grid_y = 1, .block = block};
    v.images[0].image = calloc(1, 1);
    v.images[0].log = strdup(log);
    return v;
}

static bool pruned(struct variant *all, int32_t v, gnnac_error *why)
{
    const int32_t options[N] = {0, 1, 2};
    *why = (gnnac_error){{0}};
    return is_pruned(&h200, all, options, N, v, why);
}

static void finish(struct variant *all)
{
    for (int i = 0; i < N; i++)
        variant_finish(&all[i]);
}

// 65,536 registers, handed out by 256 a warp; 233,472 bytes of shared memory;
// 64 warps of 32 blocks.
TEST(warps_are_bounded_by_what_a_multiprocessor_has)
{
    static const struct {
        int registers, shared, block;
        int64_t warps;
    } cases[] = {{32, 0, 128, 64},    {33, 0, 128, 48},    {255, 0, 256, 8},
                 {255, 0, 512, 0},    {16, 49152, 128, 16}, {16, 232448, 64, 2},
                 {128, 0, 1024, 0},   {16, 0, 1024, 64},   {16, 0, 32, 32},
                 {88, 0, 32, 20},     {84, 0, 96, 18}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct variant v = make("a", cases[i].registers, 0, cases[i].shared,
                                cases[i].block);
        CHECK_INT(resident_warps(&h200, &v.kernel, cases[i].registers,
                                 cases[i].shared),
                  cases[i].warps);
        variant_finish(&v);
    }
}

TEST(other_architectures_hold_fewer_and_the_least_of_the_launches_counts)
{
    struct device l40;
    struct kernel k = {.n_launches = 2};
    device_typical(89, &l40);
    k.launches[0].block = k.launches[1].block = 128;
    CHECK_INT(resident_warps(&l40, &k, 32, 0), 48);
    CHECK_INT(resident_warps(&h200, &k, 32, 0), 64);
    k.launches[1].shared_bytes = 99 << 10;
    CHECK_INT(resident_warps(&h200, &k, 32, 0), 8);
    CHECK_INT(arch_residents(110).warps, 64); // as 100
}

TEST(what_spills_is_left_out_where_its_family_has_better)
{
    gnnac_error why;
    struct variant all[N] = {make("a", 255, 40, 0, 128),
                             make("a", 64, 0, 0, 128),
                             make("b", 255, 40, 0, 128)};
    CHECK(pruned(all, 0, &why));
    CHECK_STR(why.msg, "gnnac_a_r255 spills 40 bytes of registers");
    CHECK(!pruned(all, 1, &why));
    CHECK(!pruned(all, 2, &why)); // all there is of its family
    all[1].status = "wrong_result";
    CHECK(!pruned(all, 0, &why));
    finish(all);
}

TEST(what_leaves_a_multiprocessor_idle_is_left_out)
{
    gnnac_error why;
    struct variant all[N] = {make("a", 32, 0, 200000, 128),
                             make("a", 32, 0, 48000, 128),
                             make("a", 255, 0, 0, 512)};
    CHECK(pruned(all, 0, &why));
    CHECK_STR(why.msg, "gnnac_a_r32: 4 warps on a multiprocessor");
    CHECK(!pruned(all, 1, &why));
    CHECK(pruned(all, 2, &why));
    finish(all);
}

TEST(of_whom_the_compiler_said_nothing_all_are_timed)
{
    gnnac_error why;
    struct variant all[N] = {make("a", 255, 9, 0, 128),
                             make("a", 255, 9, 0, 128),
                             make("a", 16, 0, 0, 128)};
    free(all[0].images[0].log);
    all[0].images[0].log = NULL;
    CHECK(!pruned(all, 0, &why));
    CHECK(pruned(all, 1, &why));
    finish(all);
}

int main(void)
{
    device_typical(90, &h200);
    RUN(warps_are_bounded_by_what_a_multiprocessor_has);
    RUN(other_architectures_hold_fewer_and_the_least_of_the_launches_counts);
    RUN(what_spills_is_left_out_where_its_family_has_better);
    RUN(what_leaves_a_multiprocessor_idle_is_left_out);
    RUN(of_whom_the_compiler_said_nothing_all_are_timed);
    return test_done();
}
