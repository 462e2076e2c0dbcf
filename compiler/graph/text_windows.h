// The windows of an inflated text, for text.c and tests.
#ifndef GNNAC_TEXT_WINDOWS_H
#define GNNAC_TEXT_WINDOWS_H

#include "graph/text.h"

// Some dozen blocks to share out; small beside the edges of a text that
// takes long.
enum { TEXT_WINDOW = 1 << 22 };

// The first window of the .gz that `file` holds. Windows are of `n_bytes`, or
// larger where a line is. On success *file is empty and closed by text_close.
gnnac_status text_inflate(struct text *file, size_t n_bytes, struct text *out,
                          gnnac_error *err);
void text_windows_free(struct text_windows *w);

#endif
