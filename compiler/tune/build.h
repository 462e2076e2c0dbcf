// Turns emitted variants into images: from the kernel cache where it has them,
// else by NVRTC, all in parallel.
#ifndef GNNAC_BUILD_H
#define GNNAC_BUILD_H

#include "tune/select.h"

// The first architecture's cubin for every usable variant that has no image
// yet, but for those of other tuners and those put off: what a choice needs. A
// variant that does not compile gets status "compile_error" and the message as
// its reason; its source is kept (see build.c).
gnnac_status build_first(struct workbench *wb, struct selection *sel,
                         gnnac_error *err);

// The key in the kernel cache, 32 hex digits, of the image that a text becomes:
// number `image` of a variant's.
void build_image_key(const struct workbench *wb, const char *source,
                     size_t image, char hex[33]);

// The remaining architectures and the PTX for the chosen variants.
// GNNAC_ECOMPILE.
gnnac_status build_rest(struct workbench *wb, struct selection *sel,
                        int32_t n_steps, gnnac_error *err);

#endif
