// XXH3-128 as text. Finds damage, not malice.
#ifndef GNNAC_HASH_TEXT_H
#define GNNAC_HASH_TEXT_H

#include <stddef.h>

// `hex` receives 32 lower-case digits, high half first, and a NUL.
void hash_hex(const void *bytes, size_t n_bytes, char hex[33]);

#endif
