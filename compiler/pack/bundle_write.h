// Writes bundles: the other half of runtime/bundle/. The same input gives the
// same bytes. runtime/README.md has the format.
#ifndef GNNAC_BUNDLE_WRITE_H
#define GNNAC_BUNDLE_WRITE_H

#include <stdio.h>

#include "bundle/bundle.h"
#include "bundle/kernel_image.h"

// One form of a kernel. An image of 0 bytes is left out.
struct kernel_image {
    int32_t kernel; // index into manifest.kernels
    enum image_kind kind;
    const char *arch;  // cubin: one of manifest.archs; else ignored
    const void *bytes; // PTX and source: text without NUL
    size_t n_bytes;
};

// A graph as the bundle stores it: arrays of the manifest's sizes.
struct stored_graph {
    const int64_t *rowptr; // [n_nodes + 1]
    const int32_t *colidx; // [n_stored_edges]
    // [n_nodes], as in struct gnnac_bundle; NULL where the manifest says that
    // nothing is reordered.
    const int32_t *perm, *inverse;
};

// Written beside `path`, flushed to disk, then renamed: `path` holds the old
// file or the whole new one. GNNAC_EIO, GNNAC_ENOMEM, GNNAC_EUNSUPPORTED (too
// many tensors), GNNAC_EFORMAT (an image is none, the manifest contradicts
// itself), GNNAC_EINTERNAL (an image of no kernel or architecture, an order
// that the manifest does not speak of).
gnnac_status bundle_write(const char *path, const struct manifest *m,
                          const struct stored_graph *g,
                          const struct kernel_image *images, size_t n_images,
                          gnnac_error *err);

// The same bytes to a stream; write errors are the caller's to find (ferror).
gnnac_status bundle_write_stream(FILE *out, const struct manifest *m,
                                 const struct stored_graph *g,
                                 const struct kernel_image *images,
                                 size_t n_images, gnnac_error *err);

#endif
