// Safetensors files made by hand, right or wrong.
#ifndef GNNAC_SAFETENSORS_FIXTURE_H
#define GNNAC_SAFETENSORS_FIXTURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Length, `header` as it stands, `n_data` bytes 1, 2, 3 ... Owned; the block is
// exactly as long as the file, so that reads beyond it are seen.
static inline char *safetensors_file(const char *header, size_t n_data,
                                     size_t *n_bytes)
{
    uint64_t n = strlen(header);
    char *bytes = malloc(8 + n + n_data);
    memcpy(bytes, &n, 8);
    memcpy(bytes + 8, header, n);
    for (size_t i = 0; i < n_data; i++)
        bytes[8 + n + i] = (char)(i + 1);
    *n_bytes = 8 + n + n_data;
    return bytes;
}

#endif
