#include "parts.h"

#include <stdlib.h>

#include "checked.h"

static int64_t parts_of_row(const int64_t *rowptr, int64_t v, int32_t part_size)
{
    int64_t degree = rowptr[v + 1] - rowptr[v];
    return degree > 0 ? ceil_div(degree, part_size) : 1;
}

static int64_t count_parts(int64_t n_rows, const int64_t *rowptr,
                           int32_t part_size)
{
    int64_t n = 0;
    for (int64_t v = 0; v < n_rows; v++)
        n += parts_of_row(rowptr, v, part_size);
    return n;
}

static void fill_parts(int64_t n_rows, const int64_t *rowptr, int32_t part_size,
                       struct parts *p)
{
    int64_t g = 0;
    for (int64_t v = 0; v < n_rows; v++) {
        int64_t n = parts_of_row(rowptr, v, part_size);
        for (int64_t k = 0; k < n; k++, g++) {
            p->part_ptr[g] = rowptr[v] + k * part_size;
            p->part_row[g] = (int32_t)v;
        }
    }
    p->part_ptr[g] = n_rows ? rowptr[n_rows] : 0;
}

// Visit the split rows; fill the arrays when they are there. Returns how many.
static int64_t visit_splits(struct parts *p, int32_t per_block)
{
    int64_t n = 0;
    for (int64_t g = 0; g < p->n_parts;) {
        int64_t end = g + 1;
        while (end < p->n_parts && p->part_row[end] == p->part_row[g])
            end++;
        int64_t first = g / per_block, last = (end - 1) / per_block;
        if (first != last) {
            if (p->split_row) {
                p->split_row[n] = p->part_row[g];
                p->split_first[n] = (int32_t)first;
                p->split_last[n] = (int32_t)last;
            }
            n++;
        }
        g = end;
    }
    return n;
}

gnnac_status parts_build(int64_t n_rows, const int64_t *rowptr,
                         int32_t part_size, int32_t parts_per_block,
                         struct parts *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct parts p = {0};

    p.n_parts = count_parts(n_rows, rowptr, part_size);
    p.n_blocks = ceil_div(p.n_parts, parts_per_block);
    if (p.n_parts > INT32_MAX)
        return FAIL(err, GNNAC_EUNSUPPORTED,
                    "partSize %d cuts this graph into %lld groups, more than "
                    "2^31-1: use a larger partSize",
                    (int)part_size, (long long)p.n_parts);
    p.part_ptr = alloc_array(p.n_parts + 1, sizeof(*p.part_ptr));
    p.part_row = alloc_array(p.n_parts, sizeof(*p.part_row));
    if (!p.part_ptr || !p.part_row) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    fill_parts(n_rows, rowptr, part_size, &p);

    p.n_splits = visit_splits(&p, parts_per_block);
    p.split_row = alloc_array(p.n_splits, sizeof(*p.split_row));
    p.split_first = alloc_array(p.n_splits, sizeof(*p.split_first));
    p.split_last = alloc_array(p.n_splits, sizeof(*p.split_last));
    if (!p.split_row || !p.split_first || !p.split_last) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    visit_splits(&p, parts_per_block);

    *out = p;
    p = (struct parts){0};

out:
    parts_finish(&p);
    return st;
}

void parts_finish(struct parts *p)
{
    free(p->part_ptr);
    free(p->part_row);
    free(p->split_row);
    free(p->split_first);
    free(p->split_last);
    *p = (struct parts){0};
}
