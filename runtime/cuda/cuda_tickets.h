// Tickets of kernels that join the rows they cut (kernel.h, TICKETS): words
// that are zero between launches. Launches that may run at once, each with
// partial sums of its own, each need some of their own.
#ifndef GNNAC_CUDA_TICKETS_H
#define GNNAC_CUDA_TICKETS_H

#include <stdatomic.h>

#include "cuda/cuda_context.h"

enum {
    MAX_TICKET_TABLES = 64,
    // All tables together. A launch that takes more tickets works so long that
    // zeroing them each time costs nothing to speak of.
    MAX_TABLE_BYTES = 1 << 20,
};

struct cuda_tickets {
    size_t n_words;          // of a launch; 0: none are needed
    int32_t n_tables;        // zeroed ones
    cu_ptr tables;           // [n_tables, n_words]
    _Atomic(cu_ptr) *owners; // [n_tables], whose partial sums; 0: nobody's
};

// Inside cuda_enter/cuda_leave, as all here. GNNAC_ENOMEM, GNNAC_EDRIVER.
gnnac_status cuda_tickets_init(const struct cuda_context *c, size_t n_words,
                               struct cuda_tickets *out, gnnac_error *err);
void cuda_tickets_finish(const struct cuda_context *c, struct cuda_tickets *t);

// Bytes that cuda_tickets_take may use of the launch's memory.
static inline size_t cuda_tickets_bytes(const struct cuda_tickets *t)
{
    return t->n_words * sizeof(unsigned);
}

// The tickets of a launch whose partial sums are at `partial`: a table that is
// the address's from then on, or, where there are none left, words at `spare`,
// zeroed on `stream`. From any thread.
gnnac_status cuda_tickets_take(const struct cuda_context *c,
                               const struct cuda_tickets *t, cu_ptr partial,
                               cu_ptr spare, cu_stream stream, cu_ptr *out,
                               gnnac_error *err);

// Zero all tables, after a kernel that may have been wrong.
gnnac_status cuda_tickets_clear(const struct cuda_context *c,
                                const struct cuda_tickets *t, cu_stream stream,
                                gnnac_error *err);

#endif
