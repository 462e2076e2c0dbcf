#include "cuda/cuda_tickets.h"

#include <stdlib.h>

#include "checked.h"

static gnnac_status zero(const struct cuda_context *c, cu_ptr at,
                         size_t n_words, cu_stream stream, gnnac_error *err)
{
    return CU(c, cuMemsetD32Async, (at, 0, n_words, stream), err);
}

static gnnac_status make_tables(const struct cuda_context *c,
                                struct cuda_tickets *t, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    size_t n_bytes = (size_t)t->n_tables * cuda_tickets_bytes(t);
    t->owners = calloc((size_t)t->n_tables, sizeof(*t->owners));
    if (!t->owners)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    TRY(cuda_alloc_zeros(c, n_bytes, NULL, "tickets", &t->tables, err));
    // Streams that do not wait for the default one come next.
    TRY(CU(c, cuStreamSynchronize, (NULL), err));
out:
    return st;
}

gnnac_status cuda_tickets_init(const struct cuda_context *c, size_t n_words,
                               struct cuda_tickets *out, gnnac_error *err)
{
    struct cuda_tickets t = {.n_words = n_words};
    size_t fit = n_words ? MAX_TABLE_BYTES / cuda_tickets_bytes(&t) : 0;
    t.n_tables = (int32_t)(fit < MAX_TICKET_TABLES ? fit : MAX_TICKET_TABLES);
    gnnac_status st = t.n_tables ? make_tables(c, &t, err) : GNNAC_OK;
    if (st == GNNAC_OK)
        *out = t;
    else
        cuda_tickets_finish(c, &t);
    return st;
}

void cuda_tickets_finish(const struct cuda_context *c, struct cuda_tickets *t)
{
    cuda_free(c, t->tables);
    free(t->owners);
    *t = (struct cuda_tickets){.n_words = 0};
}

// Tables are never given back, so nobody's come last.
static int32_t table_of(const struct cuda_tickets *t, cu_ptr partial)
{
    for (int32_t i = 0; i < t->n_tables; i++) {
        cu_ptr owner = 0;
        if (atomic_compare_exchange_strong(&t->owners[i], &owner, partial) ||
            owner == partial)
            return i;
    }
    return -1;
}

gnnac_status cuda_tickets_take(const struct cuda_context *c,
                               const struct cuda_tickets *t, cu_ptr partial,
                               cu_ptr spare, cu_stream stream, cu_ptr *out,
                               gnnac_error *err)
{
    int32_t i = table_of(t, partial);
    *out = i < 0 ? spare : t->tables + (cu_ptr)i * cuda_tickets_bytes(t);
    return i < 0 ? zero(c, spare, t->n_words, stream, err) : GNNAC_OK;
}

gnnac_status cuda_tickets_clear(const struct cuda_context *c,
                                const struct cuda_tickets *t, cu_stream stream,
                                gnnac_error *err)
{
    return t->n_tables ? zero(c, t->tables, (size_t)t->n_tables * t->n_words,
                              stream, err)
                       : GNNAC_OK;
}
