// Parses the edge lines of text forms with all threads: the text is cut at line
// ends, each thread keeps what it finds, and the pieces are joined in file
// order. Used by edge lists and Matrix Market files.
#ifndef GNNAC_EDGE_LINES_H
#define GNNAC_EDGE_LINES_H

#include "graph/csr.h"
#include "graph/text.h"

// A comment with which an edge list may begin; the node count follows. Written
// where the last nodes have no edges, so that they are not lost.
#define EDGE_LINES_NODES "# gnnac nodes "

// What one line looks like.
struct line_format {
    int n_ids;      // 2; 1 for vectors, 0 for lists of numbers
    int base;       // the first id: 0 or 1
    int min_values; // numbers behind the ids
    int max_values;
    bool comments;  // skip lines that begin with # or %
    bool commas;    // ',' and ';' separate like blanks
    int64_t limit[2]; // ids must be below these (after base)
};

// Edges with ids based at 0. `first` is ids' first column. A weight other than
// 1 somewhere makes `weight` non-NULL.
struct edge_lines {
    int64_t n;
    int32_t *first, *second;
    float *weight;
    int64_t max_id; // -1 when empty
};

// Parse from byte `at`, which is the beginning of line `line` (from 1).
// GNNAC_EFORMAT with the first bad line, whatever the number of threads.
gnnac_status edge_lines_parse(const struct text *t, size_t at, int64_t line,
                              const struct line_format *f,
                              struct edge_lines *out, gnnac_error *err);
void edge_lines_finish(struct edge_lines *e);

#endif
