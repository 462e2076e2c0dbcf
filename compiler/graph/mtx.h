// Matrix Market exchange format (Boisvert, Pozo, Remington, NIST 1996): any
// object, format, field and symmetry, before anybody asks whether it is a
// graph. A little more than the standard is read: blanks before the banner, one
// percent sign for two, blank lines anywhere, any case, CRLF.
#ifndef GNNAC_MTX_H
#define GNNAC_MTX_H

#include "graph/edge_lines.h"

enum mtx_field { MTX_REAL, MTX_INTEGER, MTX_PATTERN, MTX_COMPLEX };
enum mtx_symmetry { MTX_GENERAL, MTX_SYMMETRIC, MTX_SKEW, MTX_HERMITIAN };

struct mtx {
    bool vector, array; // object and format
    enum mtx_field field;
    enum mtx_symmetry symmetry;
    int64_t rows, cols;
    struct edge_lines entries; // as stored (of an array: every number)
};

// Reads and checks the whole file. GNNAC_EFORMAT with the line, GNNAC_EIO,
// GNNAC_ENOMEM. Imaginary parts are checked and dropped. `progress` may be
// NULL.
gnnac_status mtx_read(const char *path, progress_teller *progress,
                      struct mtx *out, gnnac_error *err);
void mtx_finish(struct mtx *m);

// Entries after symmetry: off-diagonal ones count twice unless general.
int64_t mtx_expanded(const struct mtx *m);

#endif
