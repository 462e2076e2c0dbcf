// Writes graphs as lines of text: edge lists and Matrix Market, also
// compressed.
#ifndef GNNAC_SAVE_TEXT_H
#define GNNAC_SAVE_TEXT_H

#include "graph/csr.h"

// The suffix chooses the form. Lines are made by all threads, piece by piece;
// of a .gz each piece is a member (RFC 1952 allows many). The bytes do not
// depend on the number of threads. GNNAC_EIO, GNNAC_ENOMEM.
gnnac_status save_text(const char *path, const struct csr *g, gnnac_error *err);

#endif
