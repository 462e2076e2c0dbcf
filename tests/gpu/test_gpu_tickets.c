// Rows whose pieces meet in the kernel that sums them (combine=3): right, the
// same bits again, captured; and the tickets that it takes.
#include "gpu_replay.h"

// Node 1's 400 edges are in so many pieces that sums of 32 meet, too.
static const struct gpu_build ways[] = {
    {.settings = {"template=hybrid", "segmentEdges=4", "packedEdges=4",
                  "combine=3"}},
    {.settings = {"template=edge_balanced", "edgesPerWarp=32",
                  "warpPerBlock=1", "combine=3"}},
    {.settings = {"template=neighbor_group", "partSize=2", "warpPerBlock=2",
                  "combine=3"}},
};
enum { N_WAYS = sizeof(ways) / sizeof(ways[0]) };

static gnnac_status forward_in(struct loaded *l, cu_ptr workspace,
                               gnnac_error *err)
{
    return forward_on(l, l->y, workspace, l->stream, err);
}

// What an earlier launch left would hide that this one leaves something out.
static void spoil(struct loaded *l, cu_ptr workspace)
{
    gnnac_error err = {{0}};
    CHECK_OK(CU(gpu, cuMemsetD32Async,
                (l->y, 0xffffffffu, l->y_bytes / 4, l->stream), &err), err);
    CHECK_OK(CU(gpu, cuMemsetD32Async,
                (workspace, 0xffffffffu, l->workspace_bytes / 4, l->stream),
                &err), err);
}

static void fetch(struct loaded *l, float *y)
{
    gnnac_error err = {{0}};
    CHECK_OK(CU(gpu, cuStreamSynchronize, (l->stream), &err), err);
    CHECK_OK(CU(gpu, cuMemcpyDtoH_v2, (y, l->y, l->y_bytes), &err), err);
}

// What a model computes, which is right; owned.
static float *first_result(struct loaded *l)
{
    gnnac_error err = {{0}};
    float *x = gpu_features(l->info.n_nodes * l->info.in_dim, 1);
    float *y = gpu_features(l->info.n_nodes * l->info.out_dim, 2);
    CHECK_OK(cuda_copy_in(gpu, l->x, x, l->x_bytes, &err), err);
    CHECK_OK(forward_in(l, l->workspace, &err), err);
    fetch(l, y);
    double error = gpu_error(l->model, &l->info, x, y, &err);
    if (!(error >= 0 && error <= 1))
        TEST__FAIL("%g times the allowed error", error);
    free(x);
    return y;
}

static void check_same(struct loaded *l, const float *want)
{
    float *y = malloc(l->y_bytes);
    fetch(l, y);
    CHECK(memcmp(y, want, l->y_bytes) == 0);
    free(y);
}

static bool takes_tickets(const struct loaded *l)
{
    const struct cuda_graph *g = &l->model->cuda->graph;
    for (int32_t i = 0; i < g->n_partitions; i++)
        if (g->partitions[i].tickets.n_tables > 0)
            return true;
    return false;
}

TEST(rows_that_meet_in_one_launch_are_right_and_repeat)
{
    for (int i = 0; i < N_WAYS; i++) {
        struct loaded l;
        gnnac_error err = {{0}};
        if (load(&l, i == 1 ? "gin" : "gcn", &ways[i])) {
            CHECK(takes_tickets(&l));
            float *want = first_result(&l);
            for (int k = 0; k < 3; k++) {
                spoil(&l, l.workspace);
                CHECK_OK(forward_in(&l, l.workspace, &err), err);
                check_same(&l, want);
            }
            free(want);
        }
        unload(&l);
    }
}

// Every table is somebody's from here on.
static void take_all_tables(const struct loaded *l)
{
    gnnac_error err = {{0}};
    const struct cuda_graph *g = &l->model->cuda->graph;
    cu_ptr at;
    for (int32_t i = 0; i < g->n_partitions; i++) {
        const struct cuda_tickets *t = &g->partitions[i].tickets;
        for (cu_ptr k = 1; k < MAX_TICKET_TABLES && t->n_tables; k++)
            CHECK_OK(cuda_tickets_take(gpu, t, k, l->workspace, l->stream, &at,
                                       &err), err);
    }
}

// They zero their tickets first, whatever was there.
TEST(workspaces_without_a_table_are_served)
{
    struct loaded l;
    gnnac_error err = {{0}};
    cu_ptr other = 0;
    if (load(&l, "gcn", &ways[0])) {
        float *want = first_result(&l);
        take_all_tables(&l);
        CHECK_OK(cuda_alloc(gpu, l.workspace_bytes, "workspace", &other, &err),
                 err);
        for (int k = 0; k < 2; k++) {
            spoil(&l, other);
            CHECK_OK(forward_in(&l, other, &err), err);
            check_same(&l, want);
        }
        free(want);
    }
    cuda_free(gpu, other);
    unload(&l);
}

static void check_captured(struct loaded *l, cu_ptr workspace,
                           const float *want)
{
    struct replay replay = capture_forward(l, workspace);
    for (int k = 0; k < 2; k++) {
        spoil(l, workspace);
        CHECK_INT(more.cuGraphLaunch(replay.exec, l->stream), 0);
        check_same(l, want);
    }
    forget_replay(&replay);
}

// With a table of its own, and where there is none.
TEST(captured_launches_have_their_tickets)
{
    struct loaded l;
    gnnac_error err = {{0}};
    cu_ptr other = 0;
    if (load(&l, "gcn", &ways[2])) {
        float *want = first_result(&l);
        check_captured(&l, l.workspace, want);
        take_all_tables(&l);
        CHECK_OK(cuda_alloc(gpu, l.workspace_bytes, "workspace", &other, &err),
                 err);
        check_captured(&l, other, want);
        free(want);
    }
    cuda_free(gpu, other);
    unload(&l);
}

// ---- tables -----------------------------------------------------------------

TEST(an_address_keeps_its_table_and_shares_it_with_nobody)
{
    struct cuda_tickets t = {.n_words = 0};
    gnnac_error err = {{0}};
    cu_ptr first[MAX_TICKET_TABLES], again, spare = 0;
    CHECK_OK(cuda_enter(gpu, &err), err);
    CHECK_OK(cuda_alloc(gpu, 12, "spare", &spare, &err), err);
    CHECK_OK(cuda_tickets_init(gpu, 3, &t, &err), err);
    CHECK_INT(t.n_tables, MAX_TICKET_TABLES);
    for (cu_ptr i = 0; i < MAX_TICKET_TABLES; i++) {
        CHECK_OK(cuda_tickets_take(gpu, &t, 4096 + i, spare, NULL, &first[i],
                                   &err), err);
        CHECK_INT(first[i] - t.tables, 12 * i); // of three words each
    }
    CHECK_OK(cuda_tickets_take(gpu, &t, 4096 + 5, spare, NULL, &again, &err),
             err);
    CHECK(again == first[5]);
    CHECK_OK(cuda_tickets_take(gpu, &t, 64, spare, NULL, &again, &err), err);
    CHECK(again == spare);
    cuda_tickets_finish(gpu, &t);
    cuda_free(gpu, spare);
    cuda_leave(gpu);
}

TEST(launches_of_many_tickets_have_no_tables)
{
    struct cuda_tickets t = {.n_words = 0};
    gnnac_error err = {{0}};
    CHECK_OK(cuda_enter(gpu, &err), err);
    CHECK_OK(cuda_tickets_init(gpu, MAX_TABLE_BYTES / 4, &t, &err), err);
    CHECK_INT(t.n_tables, 1);
    cuda_tickets_finish(gpu, &t);
    CHECK_OK(cuda_tickets_init(gpu, MAX_TABLE_BYTES / 4 + 1, &t, &err), err);
    CHECK_INT(t.n_tables, 0);
    CHECK_INT(cuda_tickets_bytes(&t), MAX_TABLE_BYTES + 4);
    cuda_tickets_finish(gpu, &t);
    cuda_leave(gpu);
}

int main(void)
{
    int status;
    if (!loaded_begin(&status))
        return status;
    RUN(rows_that_meet_in_one_launch_are_right_and_repeat);
    RUN(workspaces_without_a_table_are_served);
    RUN(captured_launches_have_their_tickets);
    RUN(an_address_keeps_its_table_and_shares_it_with_nobody);
    RUN(launches_of_many_tickets_have_no_tables);
    return loaded_end();
}
