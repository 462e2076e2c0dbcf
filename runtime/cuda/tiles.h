// Tiles: windows of TILE_ROWS rows that share columns, for kernels that fetch a
// column's row of x once for all rows of the window. The window's distinct
// columns, ascending, stand in blocks of TILE_COLUMNS; a mask of 64 bits tells
// which rows have which. A column that a row has twice stands there twice, so a
// bit is all that an edge needs; the last block is filled up with its last
// column, which no row has.
//
// A window is a tile where 100 edges make at most 10000 / tile_percent distinct
// columns; rows of the others are left to sorted parts (buckets.h). One of more
// than tile_blocks blocks is cut into the fewest even pieces; for each of its
// rows a piece leaves a partial sum. Cut ones come first, then the others by
// octaves of their length, longest first, so that the end of a launch is short.
//
// Tile t has four numbers at tile[4 * t]: the first row; the first block, which
// ends the tile before; and, of the pieces of a cut window, the first one and
// how many there are, else 0. Row r of piece i of n leaves its sum in the slot
// 8 * first + r * n + i, behind those of sorted parts.
//
// Column c of a block and row r of the window: bit 4 * r + c / 2 of the mask's
// word c % 2. That is how the lanes of a warp share a product of matrices.
#ifndef GNNAC_TILES_H
#define GNNAC_TILES_H

#include <stdbool.h>
#include <stdint.h>

#include "fail.h"

enum { TILE_ROWS = 8, TILE_COLUMNS = 8, TILE_NUMBERS = 4 };

struct part_limits;

struct tiles {
    int64_t n_tiles, n_blocks;
    int64_t n_cut;          // pieces of cut windows
    int32_t *window_blocks; // [windows]; 0: is no tile
    int32_t *tile;          // [TILE_NUMBERS * (n_tiles + 1)]
    int32_t *columns;       // [TILE_COLUMNS * n_blocks]
    uint32_t *masks;        // [2 * n_blocks]
};

// No tiles, and no arrays, unless the limits have a tile_percent. GNNAC_ENOMEM;
// GNNAC_EUNSUPPORTED when a count does not fit 31 bits.
gnnac_status tiles_build(int64_t n_rows, const int64_t *rowptr,
                         const int32_t *colidx, const struct part_limits *l,
                         struct tiles *out, gnnac_error *err);
void tiles_finish(struct tiles *t);

static inline bool tiles_have_row(const struct tiles *t, int64_t row)
{
    return t->window_blocks && t->window_blocks[row / TILE_ROWS] > 0;
}

#endif
