// Which matrices of a program a GPU keeps slab after slab (bundle/slab.h). Sums
// gather sectors of 32 bytes, but the L2 cache keeps lines of 128: slabs of
// rows narrower than a line leave the rest of it unused. Slab-major ones fill
// lines, so that those of up to four times as many nodes fit.
#ifndef GNNAC_SLABS_H
#define GNNAC_SLABS_H

#include "bundle/program.h"
#include "plan/device.h"

// Bytes of a slab's row, from SLAB_MIN_BYTES to SLAB_MAX_BYTES, or:
enum { SLABS_AUTO = -1, SLABS_NONE = 0 };

struct slab_request {
    int32_t bytes;
    bool sparse; // the features may come by sparse rows
    int64_t n_nodes, n_edges;
    const struct device *device;
};

// The matrix in slabs of so many bytes of a row; as it is where it has no more,
// or by SLABS_AUTO or SLABS_NONE.
struct buffer slab_buffer(const struct buffer *b, int32_t bytes);

// Bytes of a slab that pays for a matrix of that row, SLABS_NONE: rows do.
// Automatic ones where not even a line of each node fits the L2 cache, but a
// slab does, of a graph that reads it several times over; reasoned, not
// measured.
int32_t slab_bytes_for(const struct slab_request *rq, int64_t row_bytes);

// Lays what sums read as x slab-major: where only that sum reads it, and what
// writes it are kernels that can, the matrix itself; else a copy, made by a
// step before the sum, when asked for or the graph has edges enough. All other
// matrices stay as rows. Of the model's program for inference, after
// program_fuse; what trains or runs all steps at once knows rows alone.
void program_lay_slabs(struct program *p, const struct slab_request *rq);

// What of a step lies so: "x by 8, out by 8 columns"; empty where nothing does.
const char *slabs_text(const struct program *p, const struct step *s,
                       char text[64]);

#endif
