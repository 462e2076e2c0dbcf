// What runs when a variant does, whatever it and its knobs are called.
#ifndef GNNAC_CONTENT_H
#define GNNAC_CONTENT_H

#include "tune/variant.h"

// 32 hex digits of what the first image executes (jit/cubin.h) and how it is
// started; "" without an image.
void variant_content(const struct variant *v, char hex[33]);

#endif
