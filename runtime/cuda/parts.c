#include "cuda/buckets.h"

#include <stdlib.h>

#include "checked.h"

// Where a part begins or ends: an edge, and the first row not completed before.
struct place {
    int64_t row, edge;
};

static struct place part_end(int64_t n_rows, const int64_t *rowptr,
                             const struct part_limits *limits,
                             struct place begin)
{
    struct place p = begin;
    int64_t full = begin.edge + limits->size;
    int64_t last = begin.row + limits->rows;
    if (last > n_rows)
        last = n_rows;
    while (p.row < last && rowptr[p.row + 1] <= full)
        p.edge = rowptr[++p.row];
    if (p.row < last && 2 * (p.edge - begin.edge) < limits->size)
        p.edge = full;
    return p;
}

// Visit the parts; fill the arrays when they are there. Returns how many.
static int64_t visit_parts(int64_t n_rows, const int64_t *rowptr,
                           const struct part_limits *limits, struct parts *p)
{
    int64_t n = 0;
    struct place at = {0};
    for (;; n++) {
        if (p->part_ptr) {
            p->part_ptr[n] = at.edge;
            p->part_row[n] = (int32_t)at.row;
        }
        if (at.row == n_rows)
            return n;
        at = part_end(n_rows, rowptr, limits, at);
    }
}

// Visit the split rows, those that a block begins in the middle of; fill the
// arrays when they are there. Returns how many.
static int64_t visit_splits(const int64_t *rowptr, int32_t per_block,
                            struct parts *p)
{
    int64_t n = 0, latest = -1;
    for (int64_t b = 1; b < p->n_blocks; b++) {
        int64_t g = b * per_block, row = p->part_row[g];
        if (p->part_ptr[g] == rowptr[row])
            continue;
        n += row != latest;
        if (p->split_row && row != latest) {
            p->split_row[n - 1] = (int32_t)row;
            p->split_first[n - 1] = (int32_t)(b - 1);
        }
        if (p->split_row)
            p->split_last[n - 1] = (int32_t)b;
        latest = row;
    }
    return n;
}

gnnac_status parts_check_count(int64_t n, const char *knob, gnnac_error *err)
{
    return n <= INT32_MAX
               ? GNNAC_OK
               : FAIL(err, GNNAC_EUNSUPPORTED,
                      "this graph falls into %lld pieces, more than 2^31-1: "
                      "use a larger %s",
                      (long long)n, knob);
}

gnnac_status parts_list_meets(struct parts *p, gnnac_error *err)
{
    p->meets = calloc((size_t)p->n_slots + 1, 2 * sizeof(*p->meets));
    if (!p->meets)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    for (int64_t s = 0; s < p->n_splits; s++) {
        int64_t first = p->split_first[s];
        int64_t n = p->split_last[s] - first + 1;
        for (int64_t i = 0; i < n; i++) {
            int64_t slot = p->part_end ? first + i : 2 * (first + i) + (i == 0);
            p->meets[2 * slot] = (int32_t)first;
            p->meets[2 * slot + 1] = (int32_t)n;
        }
    }
    return GNNAC_OK;
}

gnnac_status parts_build(int64_t n_rows, const int64_t *rowptr,
                         const int32_t *colidx,
                         const struct part_limits *limits, struct parts *out,
                         gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct parts p = {0};

    if (limits->packed_rows)
        return buckets_build(n_rows, rowptr, colidx, limits, out, err);
    p.n_parts = visit_parts(n_rows, rowptr, limits, &p);
    p.n_blocks = ceil_div(p.n_parts, limits->per_block);
    p.n_slots = 2 * p.n_blocks;
    st = parts_check_count(p.n_parts, "partSize", err);
    if (st != GNNAC_OK)
        return st;
    p.part_ptr = alloc_array(p.n_parts + 1, sizeof(*p.part_ptr));
    p.part_row = alloc_array(p.n_parts + 1, sizeof(*p.part_row));
    if (!p.part_ptr || !p.part_row) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    visit_parts(n_rows, rowptr, limits, &p);

    p.n_splits = visit_splits(rowptr, limits->per_block, &p);
    p.split_row = alloc_array(p.n_splits, sizeof(*p.split_row));
    p.split_first = alloc_array(p.n_splits, sizeof(*p.split_first));
    p.split_last = alloc_array(p.n_splits, sizeof(*p.split_last));
    if (!p.split_row || !p.split_first || !p.split_last) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    visit_splits(rowptr, limits->per_block, &p);

    *out = p;
    p = (struct parts){0};

out:
    parts_finish(&p);
    return st;
}

void parts_finish(struct parts *p)
{
    free(p->part_ptr);
    free(p->part_end);
    free(p->part_row);
    free(p->split_row);
    free(p->split_first);
    free(p->split_last);
    free(p->meets);
    tiles_finish(&p->tiles);
    *p = (struct parts){0};
}
