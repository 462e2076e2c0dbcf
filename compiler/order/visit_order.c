#include "order/visit_order.h"

#include "checked.h"
#include "order/crew.h"

enum { FEWEST_BATCHES = 128, MOST_BATCHES = 256, CACHED_WORK = 65536 };

int64_t visit_quota(int64_t total)
{
    int64_t most = total / FEWEST_BATCHES, least = total / MOST_BATCHES;
    int64_t quota = least > CACHED_WORK ? least : CACHED_WORK;
    return (quota < most ? quota : most) + 1;
}

static int64_t work_of_all(const struct csr *g)
{
    return g->n_edges + visit_work(0) * g->n_nodes;
}

// Another thread takes longer to come than a small graph to be done.
int visit_threads(const struct csr *g, int n_threads)
{
    enum { WORTH_THREADS = 200000 };
    return work_of_all(g) < WORTH_THREADS ? 1 : crew_size(n_threads);
}

// A run of ids that share a degree goes to this many batches in turn, fewer
// where the run would be too long for all that is known of its nodes to stay
// in a core's cache until the last of them.
enum { DEALT_TO = 8, DEALT_TO_LEAST = 2, CACHED_NODES = 32768 };

static int64_t hands_for(int64_t size, int64_t n_batches)
{
    int64_t hands = CACHED_NODES / size;
    hands = hands < DEALT_TO_LEAST ? DEALT_TO_LEAST : hands;
    hands = hands < DEALT_TO ? hands : DEALT_TO;
    return hands < n_batches ? hands : n_batches;
}

// ids[0 .. n) of one degree. `size` of them fill a batch.
static int64_t deal(const int32_t *ids, int64_t n, int64_t size, int32_t *order)
{
    int64_t n_batches = ceil_div(n, size), at = 0;
    int64_t hands = hands_for(size, n_batches);
    int64_t run = hands * ceil_div(n, n_batches);
    for (int64_t begin = 0; begin < n; begin += run) {
        int64_t end = begin + run < n ? begin + run : n;
        for (int64_t hand = 0; hand < hands; hand++)
            for (int64_t i = begin + hand; i < end; i += hands)
                order[at++] = ids[i];
    }
    return at;
}

static bool is_visited(const int32_t *except, int64_t v)
{
    return !except || except[v] < 0;
}

// Counting sort. start[d] is where degree d begins; start has n_degrees + 1.
static void sort_by_degree(const struct csr *g, const int32_t *except,
                           int64_t n_degrees, int64_t *start, int32_t *sorted)
{
    for (int64_t v = 0; v < g->n_nodes; v++)
        start[csr_degree(g, v)] += is_visited(except, v);
    int64_t sum = 0;
    for (int64_t d = 0; d <= n_degrees; d++) {
        sum += start[d];
        start[d] = sum;
    }
    for (int64_t v = g->n_nodes; v-- > 0;)
        if (is_visited(except, v))
            sorted[--start[csr_degree(g, v)]] = (int32_t)v;
}

bool visit_order(const struct csr *g, const int32_t *except,
                 struct arena *arena, int32_t *order, int64_t *n)
{
    int64_t n_degrees = 1, quota, at = 0;
    for (int64_t v = 0; v < g->n_nodes; v++)
        if (csr_degree(g, v) >= n_degrees)
            n_degrees = csr_degree(g, v) + 1;
    int64_t *start = arena_take_zero(arena, n_degrees + 1, sizeof(*start));
    int32_t *sorted = arena_take(arena, g->n_nodes, sizeof(*sorted));
    if (!start || !sorted)
        return false;
    sort_by_degree(g, except, n_degrees, start, sorted);
    quota = visit_quota(work_of_all(g));
    for (int64_t d = 1; d < n_degrees; d++)
        if (start[d + 1] > start[d])
            at += deal(sorted + start[d], start[d + 1] - start[d],
                       ceil_div(quota, visit_work(d)), order + at);
    *n = at;
    return true;
}
