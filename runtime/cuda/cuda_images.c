// Which of a bundle's images of a kernel a GPU may take.
#include <stdio.h>

#include "cuda/cuda_kernel.h"

enum { MAX_IMAGES = 12 };

static size_t add_image(const struct gnnac_bundle *b, int32_t kernel,
                        const char *arch, bool is_ptx, struct image_view *out)
{
    size_t n_bytes;
    const void *bytes = bundle_kernel_image(b, kernel, arch, &n_bytes);
    if (bytes)
        *out = (struct image_view){bytes, n_bytes, is_ptx};
    return bytes != NULL;
}

// Cubins of this GPU's architecture first, then of earlier ones of the same
// family, then PTX.
static size_t list_images(const struct cuda_context *c,
                          const struct gnnac_bundle *b, int32_t kernel,
                          struct image_view *out)
{
    size_t n = 0;
    for (int32_t cc = c->cc; cc >= c->cc / 10 * 10; cc--) {
        char arch[16];
        snprintf(arch, sizeof(arch), "sm_%d", (int)cc);
        n += add_image(b, kernel, arch, false, &out[n]);
    }
    if (b->manifest->ptx_arch[0])
        n += add_image(b, kernel, "ptx", true, &out[n]);
    return n;
}

gnnac_status cuda_kernel_from_bundle(const struct cuda_context *c,
                                     const struct gnnac_bundle *b,
                                     int32_t kernel, struct cuda_kernel *out,
                                     gnnac_error *err)
{
    struct image_view images[MAX_IMAGES];
    size_t n = list_images(c, b, kernel, images);
    return cuda_kernel_load(c, &b->manifest->kernels[kernel], images, n, out,
                            err);
}
