#include "plan/products.h"

#include <stdio.h>

#include "plan/lower.h"
#include "test.h"

// "depth>columns" of each product that is claimed, of a gcn.
static const char *claimed(int32_t arch, int64_t n_rows, int32_t dim,
                           int32_t hidden, int32_t classes)
{
    static char text[256];
    const struct model_request rq = {
        .name = "gcn", .dim = dim, .hidden = hidden, .classes = classes};
    struct model m;
    struct program p;
    struct device d;
    size_t n = 0;
    text[0] = '\0';
    CHECK_INT(model_build(&rq, &m, NULL), GNNAC_OK);
    CHECK_INT(lower_model(&m, n_rows, 8 * n_rows, &p, NULL), GNNAC_OK);
    device_typical(arch, &d);
    program_claim_products(&p, &d, n_rows);
    for (int32_t i = 0; i < p.n_steps; i++)
        if (p.steps[i].claimed)
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%d>%d ",
                                  (int)p.buffers[p.steps[i].x].dim,
                                  (int)p.buffers[p.steps[i].out].dim);
    return text;
}

TEST(wide_products_are_claimed_where_tensor_cores_are_fast)
{
    static const int32_t fast[] = {80, 90, 100}, slow[] = {75, 86, 89, 120};
    for (int i = 0; i < 3; i++)
        CHECK_STR(claimed(fast[i], 1000, 100, 64, 33), "100>64 64>33 ");
    for (int i = 0; i < 4; i++)
        CHECK_STR(claimed(slow[i], 1000, 100, 64, 33), "");
}

TEST(narrow_products_are_not_claimed)
{
    CHECK_STR(claimed(90, 1000, 100, 64, 16), "100>64 ");
    CHECK_STR(claimed(90, 1000, 100, 64, 17), "100>64 64>17 ");
}

TEST(a_depth_has_its_limits_which_many_rows_widen)
{
    struct device d;
    device_typical(90, &d);
    int64_t many = 128 * d.sm_count;
    CHECK_STR(claimed(90, 1000, 128, 15, 17), "");
    CHECK_STR(claimed(90, 1000, 128, 16, 17), "16>17 ");
    CHECK_STR(claimed(90, many - 1, 128, 64, 16), "128>64 ");
    CHECK_STR(claimed(90, many - 1, 129, 64, 16), "");
    CHECK_STR(claimed(90, many, 129, 64, 16), "129>64 ");
    CHECK_STR(claimed(90, many, 1024, 64, 16), "1024>64 ");
    CHECK_STR(claimed(90, many, 1025, 64, 16), "");
}

int main(void)
{
    RUN(wide_products_are_claimed_where_tensor_cores_are_fast);
    RUN(narrow_products_are_not_claimed);
    RUN(a_depth_has_its_limits_which_many_rows_widen);
    return test_done();
}
