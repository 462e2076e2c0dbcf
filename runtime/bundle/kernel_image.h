// What may stand in a bundle as a kernel's image. Called before a file is
// written and before one is used.
#ifndef GNNAC_KERNEL_IMAGE_H
#define GNNAC_KERNEL_IMAGE_H

#include "fail.h"

enum image_kind { IMAGE_CUBIN, IMAGE_PTX, IMAGE_SOURCE, N_IMAGE_KINDS };

// "cubin", "ptx", "source": part of tensor names.
const char *image_kind_name(enum image_kind kind);

// A cubin is a 64-bit little-endian ELF file for NVIDIA GPUs, or PTX where the
// toolchain hands that out as its binary form. PTX and source are text: no NUL,
// no more than 64 MiB. `name` is for messages. GNNAC_EFORMAT.
gnnac_status image_check(enum image_kind kind, const char *name,
                         const void *bytes, size_t n_bytes, gnnac_error *err);

#endif
