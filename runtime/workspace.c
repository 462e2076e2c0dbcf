#include "workspace.h"

#include <string.h>

#include "bundle/dtype.h"
#include "checked.h"

enum { ALIGNMENT = 256, FIRST_BUFFER = 2 }; // 0 and 1 are the caller's

// First and last step that touch a buffer, and its bytes. last < first: unused.
struct life {
    int32_t first, last;
    size_t n_bytes;
};

static void touch(struct life *lives, int32_t buffer, int32_t step)
{
    if (buffer < FIRST_BUFFER)
        return;
    struct life *l = &lives[buffer];
    if (l->last < l->first)
        l->first = step;
    l->last = step;
}

static gnnac_status measure_lives(const struct program *p, int64_t n_nodes,
                                  bool as_stored, struct life *lives,
                                  gnnac_error *err)
{
    for (int32_t i = FIRST_BUFFER; i < p->n_buffers; i++) {
        enum dtype type = as_stored ? p->buffers[i].dtype : DTYPE_F32;
        size_t row = (size_t)p->buffers[i].pitch * dtype_bytes(type), n;
        lives[i] = (struct life){.first = 0, .last = -1};
        if (!size_mul((size_t)n_nodes, row, &n) ||
            !size_add(n, ALIGNMENT - 1, &n))
            return FAIL(err, GNNAC_ENOMEM, "the workspace is too large");
        lives[i].n_bytes = n / ALIGNMENT * ALIGNMENT;
    }
    for (int32_t s = 0; s < p->n_steps; s++) {
        touch(lives, p->steps[s].x, s);
        touch(lives, p->steps[s].self, s);
        touch(lives, p->steps[s].out, s);
        touch(lives, p->steps[s].grad, s);
        touch(lives, p->steps[s].att_rows, s);
        // What is written while this step's operands are read.
        touch(lives, step_last(p, &p->steps[s])->out, s);
    }
    return GNNAC_OK;
}

static bool meet(const struct life *a, const struct life *b)
{
    return a->first <= b->last && b->first <= a->last;
}

// The lowest offset where buffer `i` overlaps no placed buffer that lives at
// the same time. Each pass moves it behind one of them, so passes are bounded
// by their number.
static bool place(const struct life *lives, const bool *placed, int32_t n,
                  int32_t i, size_t *offset)
{
    size_t at = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int32_t j = FIRST_BUFFER; j < n; j++) {
            if (!placed[j] || !meet(&lives[i], &lives[j]) ||
                at >= offset[j] + lives[j].n_bytes ||
                (at < offset[j] && lives[i].n_bytes <= offset[j] - at))
                continue;
            at = offset[j] + lives[j].n_bytes;
            moved = true;
        }
    }
    offset[i] = at;
    size_t end;
    return size_add(at, lives[i].n_bytes, &end);
}

static int32_t largest_unplaced(const struct life *lives, const bool *placed,
                                int32_t n)
{
    int32_t best = -1;
    for (int32_t i = FIRST_BUFFER; i < n; i++)
        if (!placed[i] && lives[i].last >= lives[i].first &&
            (best < 0 || lives[i].n_bytes > lives[best].n_bytes))
            best = i;
    return best;
}

gnnac_status workspace_plan_build(const struct program *p, int64_t n_nodes,
                                  bool as_stored, struct workspace_plan *out,
                                  gnnac_error *err)
{
    struct life lives[MAX_BUFFERS];
    bool placed[MAX_BUFFERS] = {false};
    struct workspace_plan plan = {.n_bytes = 0};
    gnnac_status st = measure_lives(p, n_nodes, as_stored, lives, err);
    if (st != GNNAC_OK)
        return st;
    // Largest first: the small ones then fit into what is left between.
    for (int32_t i; (i = largest_unplaced(lives, placed, p->n_buffers)) >= 0;) {
        if (!place(lives, placed, p->n_buffers, i, plan.offset))
            return FAIL(err, GNNAC_ENOMEM, "the workspace is too large");
        placed[i] = true;
        if (plan.offset[i] + lives[i].n_bytes > plan.n_bytes)
            plan.n_bytes = plan.offset[i] + lives[i].n_bytes;
    }
    *out = plan;
    return GNNAC_OK;
}
