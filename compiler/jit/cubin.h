// What a cubin executes, told apart from what it is called.
#ifndef GNNAC_CUBIN_H
#define GNNAC_CUBIN_H

#include <stddef.h>

#include "digest.h"

// Feeds code, constants and resources of a cubin: not names, notes, line marks
// or what else debuggers read. `name` is left out of the names of sections, so
// that a kernel and the same one under another name are equal; equal digests
// mean equal execution. Anything else than a sound ELF file, such as PTX,
// counts byte for byte, but without `name`, wherever it stands.
void cubin_digest(XXH3_state_t *s, const void *image, size_t n_bytes,
                  const char *name);

#endif
