// The header of a .npy file, version 1.
#ifndef GNNAC_NPY_WRITE_H
#define GNNAC_NPY_WRITE_H

#include <stdint.h>
#include <stdio.h>

// Magic, version and dictionary, padded so that the data begins at a multiple
// of 64. `descr` is e.g. "<f4"; `shape` may be NULL when rank is 0.
void npy_write_header(FILE *out, const char *descr, const int64_t *shape,
                      int rank);

#endif
