// Single samples of a timing as a blob, sealed apart from their run, so that
// programs that know of none still find it whole.
#include <stdlib.h>

#include "tunedb_queries.h"
#include "values.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "samples are stored little endian");

static struct digest seal(const struct run_record *r, size_t seq,
                          const void *samples, size_t n_bytes)
{
    XXH3_state_t s;
    digest_begin(&s, "gnnac samples v1");
    digest_bytes(&s, r->uuid, RUN_UUID_BYTES);
    digest_int(&s, (int64_t)seq);
    digest_bytes(&s, samples, n_bytes);
    return digest_end(&s);
}

size_t samples_pack(const struct run_record *r, size_t seq,
                    const struct measurement_row *row,
                    unsigned char out[SAMPLES_BYTES])
{
    size_t n_bytes = row->n_kept * sizeof(float);
    if (row->n_kept == 0 || row->n_kept > MAX_KEPT_SAMPLES)
        return 0;
    struct digest d = seal(r, seq, row->samples_ns, n_bytes);
    memcpy(out, d.bytes, DIGEST_BYTES);
    memcpy(out + DIGEST_BYTES, row->samples_ns, n_bytes);
    return DIGEST_BYTES + n_bytes;
}

bool samples_unpack(const struct run_record *r, size_t seq, const void *blob,
                    size_t n_bytes, float **out, size_t *n)
{
    const unsigned char *bytes = blob;
    *out = NULL;
    *n = 0;
    if (!bytes || n_bytes == 0)
        return true;
    if (n_bytes <= DIGEST_BYTES || n_bytes > SAMPLES_BYTES ||
        (n_bytes - DIGEST_BYTES) % sizeof(float) != 0)
        return false;
    size_t kept = n_bytes - DIGEST_BYTES;
    struct digest d = seal(r, seq, bytes + DIGEST_BYTES, kept);
    float *copy = malloc(kept);
    if (!copy || memcmp(d.bytes, bytes, DIGEST_BYTES) != 0) {
        free(copy);
        return false;
    }
    memcpy(copy, bytes + DIGEST_BYTES, kept);
    *out = copy;
    *n = kept / sizeof(float);
    return true;
}

size_t samples_count(const struct run_record *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_rows; i++)
        n += r->rows[i].n_kept;
    return n;
}

struct digest samples_digest(const struct run_record *r)
{
    XXH3_state_t s;
    digest_begin(&s, "gnnac samples of a run v1");
    for (size_t i = 0; i < r->n_rows; i++)
        digest_bytes(&s, r->rows[i].samples_ns,
                     r->rows[i].n_kept * sizeof(float));
    return digest_end(&s);
}
