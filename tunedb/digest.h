// XXH3-128 over length-prefixed fields, so that no two lists of fields hash the
// same bytes. It names content and detects damage; it is no proof of origin.
#ifndef GNNAC_DIGEST_H
#define GNNAC_DIGEST_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <xxhash.h>

enum { DIGEST_BYTES = 16 };

struct digest {
    unsigned char bytes[DIGEST_BYTES];
};

// `domain` keeps digests of different things apart, version included.
static inline void digest_begin(XXH3_state_t *s, const char *domain)
{
    XXH3_128bits_reset(s);
    XXH3_128bits_update(s, domain, strlen(domain) + 1);
}

static inline void digest_int(XXH3_state_t *s, int64_t value)
{
    unsigned char le[8];
    for (int i = 0; i < 8; i++)
        le[i] = (unsigned char)((uint64_t)value >> (8 * i));
    XXH3_128bits_update(s, le, sizeof(le));
}

static inline void digest_bytes(XXH3_state_t *s, const void *p, size_t n)
{
    digest_int(s, (int64_t)n);
    XXH3_128bits_update(s, p, n);
}

static inline void digest_text(XXH3_state_t *s, const char *text)
{
    digest_bytes(s, text, strlen(text));
}

static inline struct digest digest_end(const XXH3_state_t *s)
{
    XXH128_canonical_t c;
    struct digest d;
    XXH128_canonicalFromHash(&c, XXH3_128bits_digest(s));
    memcpy(d.bytes, c.digest, sizeof(d.bytes));
    return d;
}

static inline void digest_hex(const struct digest *d,
                              char hex[2 * DIGEST_BYTES + 1])
{
    for (int i = 0; i < DIGEST_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", d->bytes[i]);
}

// Of one run of bytes, without a domain.
static inline struct digest digest_of(const void *p, size_t n)
{
    XXH128_canonical_t c;
    struct digest d;
    XXH128_canonicalFromHash(&c, XXH3_128bits(p, n));
    memcpy(d.bytes, c.digest, sizeof(d.bytes));
    return d;
}

#endif
