#include "bundle/hash_text.h"

#include <stdio.h>
#include <xxhash.h>

void hash_hex(const void *bytes, size_t n_bytes, char hex[33])
{
    XXH128_hash_t h = XXH3_128bits(n_bytes ? bytes : "", n_bytes);
    snprintf(hex, 33, "%016llx%016llx", (unsigned long long)h.high64,
             (unsigned long long)h.low64);
}
