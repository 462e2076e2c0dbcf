// What a cubin executes, told apart from what it is called, and what it needs.
#ifndef GNNAC_CUBIN_H
#define GNNAC_CUBIN_H

#include <stdbool.h>
#include <stddef.h>

#include "digest.h"

// Feeds code, constants and resources of a cubin: not names, notes, line marks
// or what else debuggers read. `name` is left out of the names of sections, so
// that a kernel and the same one under another name are equal; equal digests
// mean equal execution. Anything else than a sound ELF file, such as PTX,
// counts byte for byte, but without `name`, wherever it stands.
void cubin_digest(XXH3_state_t *s, const void *image, size_t n_bytes,
                  const char *name);

// The most that any kernel of a cubin needs: registers of a thread, bytes of a
// thread's stack, where what is spilled lies too, and static shared bytes of a
// block. False, and nothing else, of what does not tell, such as PTX.
struct cubin_needs {
    int registers, stack, shared;
};
bool cubin_needs(const void *image, size_t n_bytes, struct cubin_needs *out);

#endif
