#include "graph/save_text.h"

#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "checked.h"
#include "graph/edge_lines.h"
#include "graph/text.h"

// Of level 1, sorted edges deflate to 4 % more than of zlib's 6, ten times as
// fast; levels 2 to 4 make them larger and are slower. A piece is a member; a
// reader's window (text_windows.h) must hold many, for of the last that it does
// not hold whole zlib inflates a part, slowly.
enum { PIECE_EDGES = 1 << 14, HEAD_BYTES = 160, LINE_BYTES = 48, LEVEL = 1 };

struct form {
    bool mtx, gz;
    char separator;
};

static struct form form_of(const char *path)
{
    return (struct form){.mtx = text_has_suffix(path, ".mtx"),
                         .gz = path_is_gz(path),
                         .separator = text_has_suffix(path, ".csv")   ? ','
                                      : text_has_suffix(path, ".tsv") ? '\t'
                                                                      : ' '};
}

// ---- lines ------------------------------------------------------------------

static size_t format_id(char *out, int64_t v)
{
    char reversed[24];
    size_t n = 0;
    do
        reversed[n++] = (char)('0' + v % 10);
    while (v /= 10);
    for (size_t i = 0; i < n; i++)
        out[i] = reversed[n - 1 - i];
    return n;
}

static size_t format_mtx_head(char *out, const struct csr *g)
{
    return (size_t)snprintf(out, HEAD_BYTES,
                            "%%%%MatrixMarket matrix coordinate %s general\n"
                            "%lld %lld %lld\n",
                            g->weight ? "real" : "pattern",
                            (long long)g->n_nodes, (long long)g->n_nodes,
                            (long long)g->n_edges);
}

// The comment that keeps last nodes without edges.
static size_t format_node_count(char *out, const struct csr *g)
{
    int64_t last = g->n_nodes - 1;
    bool seen = last < 0 || g->rowptr[last] < g->n_edges;
    for (int64_t e = 0; e < g->n_edges && !seen; e++)
        seen = g->colidx[e] == last;
    if (seen)
        return 0;
    return (size_t)snprintf(out, HEAD_BYTES, EDGE_LINES_NODES "%lld\n",
                            (long long)g->n_nodes);
}

// "src SEPARATOR dst", the weight behind it where there is one.
static size_t format_edge(char *line, const struct csr *g, int64_t v, int64_t e,
                          const struct form *f)
{
    size_t n = format_id(line, g->colidx[e] + (int64_t)f->mtx);
    line[n++] = f->separator;
    n += format_id(line + n, v + f->mtx);
    if (g->weight)
        n += (size_t)snprintf(line + n, LINE_BYTES - n, "%c%.9g", f->separator,
                              (double)g->weight[e]);
    line[n++] = '\n';
    return n;
}

static int64_t row_of(const struct csr *g, int64_t e)
{
    int64_t low = 0, high = g->n_nodes - 1;
    while (low < high) {
        int64_t v = low + (high - low) / 2;
        if (g->rowptr[v + 1] > e)
            high = v;
        else
            low = v + 1;
    }
    return low;
}

// Piece i: its edges, behind the head of all if it is the first.
static size_t format_piece(char *out, const struct csr *g, int64_t i,
                           const struct form *f)
{
    size_t n = 0;
    int64_t e = i * PIECE_EDGES, end = e + PIECE_EDGES;
    end = end < g->n_edges ? end : g->n_edges;
    if (i == 0)
        n = f->mtx ? format_mtx_head(out, g) : format_node_count(out, g);
    for (int64_t v = e < end ? row_of(g, e) : 0; e < end; v++)
        for (; e < end && e < g->rowptr[v + 1]; e++)
            n += format_edge(out + n, g, v, e, f);
    return n;
}

// ---- pieces -----------------------------------------------------------------

// Buffers of one thread, for any piece.
struct buffers {
    char *text, *packed; // `packed` and `gzip` for .gz alone
    size_t packed_room;
    struct libdeflate_compressor *gzip;
};

static bool buffers_alloc(struct buffers *b, bool gz)
{
    const size_t room = HEAD_BYTES + (size_t)PIECE_EDGES * LINE_BYTES;
    *b = (struct buffers){.text = malloc(room)};
    if (gz) {
        b->gzip = libdeflate_alloc_compressor(LEVEL);
        b->packed_room = libdeflate_gzip_compress_bound(b->gzip, room);
        b->packed = malloc(b->packed_room);
    }
    return b->text && (!gz || (b->gzip && b->packed));
}

static void buffers_free(struct buffers *b)
{
    free(b->text);
    free(b->packed);
    libdeflate_free_compressor(b->gzip);
}

// Returns what is to be written of the piece.
static const char *make_piece(struct buffers *b, const struct csr *g, int64_t i,
                              const struct form *f, size_t *n)
{
    *n = format_piece(b->text, g, i, f);
    if (!f->gz)
        return b->text;
    *n = libdeflate_gzip_compress(b->gzip, b->text, *n, b->packed,
                                  b->packed_room);
    return b->packed;
}

// False when out of memory; errors of writing are found at the end.
static bool write_pieces(FILE *out, const struct csr *g, const struct form *f)
{
    int64_t n = g->n_edges ? ceil_div(g->n_edges, PIECE_EDGES) : 1;
    bool all_ok = true;
#pragma omp parallel if (n > 1)
    {
        struct buffers b;
        bool ok = buffers_alloc(&b, f->gz);
#pragma omp for ordered schedule(dynamic, 1)
        for (int64_t i = 0; i < n; i++) {
            size_t n_bytes = 0;
            const char *piece = ok ? make_piece(&b, g, i, f, &n_bytes) : NULL;
#pragma omp ordered
            if (piece)
                fwrite(piece, 1, n_bytes, out);
            else
                all_ok = false;
        }
        buffers_free(&b);
    }
    return all_ok;
}

gnnac_status save_text(const char *path, const struct csr *g, gnnac_error *err)
{
    struct atomic_file file;
    struct form form = form_of(path);
    gnnac_status st = atomic_open(path, &file, err);
    if (st != GNNAC_OK)
        return st;
    if (write_pieces(file.out, g, &form))
        return atomic_commit(&file, err);
    atomic_abandon(&file);
    return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", path);
}
