// Parses the edge lines of text forms with all threads: each takes the next
// block of lines, parses it into a buffer that stays in its cache, and appends
// that to the edges when its turn in file order comes. Used by edge lists and
// Matrix Market files.
#ifndef GNNAC_EDGE_LINES_H
#define GNNAC_EDGE_LINES_H

#include "graph/csr.h"
#include "graph/edge_line.h"
#include "graph/text.h"

// A comment with which an edge list may begin; the node count follows. Written
// where the last nodes have no edges, so that they are not lost.
#define EDGE_LINES_NODES "# gnnac nodes "

// Edges with ids based at 0. `first` is ids' first column. A weight other than
// 1 somewhere makes `weight` non-NULL.
struct edge_lines {
    int64_t n;
    int32_t *first, *second;
    float *weight;
    int64_t max_id; // -1 when empty
};

// Parse from byte `at`, which is the beginning of line `line` (from 1), to the
// end: a text of several windows is at its last one afterwards. Each window is
// inflated by one thread while the others parse the one before.
// GNNAC_EFORMAT with the first bad line, whatever the number of threads; else
// the errors of text_advance. The pages of a mapped text are given back as they
// are done with.
gnnac_status edge_lines_parse(struct text *t, size_t at, int64_t line,
                              const struct line_format *f,
                              struct edge_lines *out, gnnac_error *err);
void edge_lines_finish(struct edge_lines *e);

#endif
