// Memory by the page.
#ifndef GNNAC_PAGES_H
#define GNNAC_PAGES_H

#include <stddef.h>

// Give back the whole pages within [at, at + n): of a mapped file they are read
// again when needed, of other memory they read as zero from then on. The
// addresses stay valid.
void pages_release(const void *at, size_t n);

// Ask for large pages there: fewer faults, and fewer misses of address
// translation where writing jumps about. A hint; nothing depends on it.
void pages_prefer_large(void *at, size_t n);

#endif
