// The lines of one block of text, as edges in buffers.
#ifndef GNNAC_EDGE_BLOCK_H
#define GNNAC_EDGE_BLOCK_H

#include "graph/edge_line.h"

// All that lines of `room` bytes can hold. Owns its buffers.
struct edge_block {
    int64_t room;
    int32_t *first, *second;
    float *weight;    // in use where `weighted`
    bool weighted;    // a weight other than 1 was seen
    int64_t n, n_lines, max_id; // edges, lines, largest id (-1: none)
    const char *what; // message of the first bad line, NULL if none
    int64_t bad_line; // its number within the block, from 0
};

// For blocks of at most `n_bytes`. False when out of memory.
bool edge_block_alloc(struct edge_block *b, int64_t n_bytes);
void edge_block_finish(struct edge_block *b);

// Parse the lines that begin in [begin, end) of a text that ends at `text_end`;
// `begin` begins a line. Lines of two ids (and a short decimal) are taken by a
// loop that handles eight digits at a time; every other line, right or wrong,
// is left to edge_line_parse.
void edge_block_parse(struct edge_block *b, const char *begin, const char *end,
                      const char *text_end, const struct line_format *f);

#endif
