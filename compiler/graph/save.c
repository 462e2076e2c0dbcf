// Writes graphs: the same forms that load.c reads.
#include <stdio.h>
#include <stdlib.h>
#include <zip.h>

#include "base/file.h"
#include "checked.h"
#include "graph/load.h"
#include "graph/npy_write.h"
#include "graph/save_text.h"
#include "graph/text.h"

// Destinations of the edges in CSR order.
static int32_t *row_of_edges(const struct csr *g)
{
    int32_t *row = alloc_array(g->n_edges, sizeof(*row));
    if (!row)
        return NULL;
#pragma omp parallel for schedule(static)
    for (int64_t v = 0; v < g->n_nodes; v++)
        for (int64_t e = g->rowptr[v]; e < g->rowptr[v + 1]; e++)
            row[e] = (int32_t)v;
    return row;
}

// ---- .npy -------------------------------------------------------------------

static gnnac_status save_npy(const char *path, const struct csr *g,
                             gnnac_error *err)
{
    struct atomic_file f;
    int64_t shape[2] = {2, g->n_edges};
    int32_t *row = row_of_edges(g);
    if (!row)
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", path);
    gnnac_status st = atomic_open(path, &f, err);
    if (st == GNNAC_OK) {
        npy_write_header(f.out, "<i4", shape, 2);
        fwrite(g->colidx, sizeof(int32_t), (size_t)g->n_edges, f.out);
        fwrite(row, sizeof(int32_t), (size_t)g->n_edges, f.out);
        st = atomic_commit(&f, err);
    }
    free(row);
    return st;
}

// ---- .npz -------------------------------------------------------------------

// A member made of a header and `n` elements; the bytes are copied.
static bool add_member(zip_t *z, const char *name, const char *descr,
                       const int64_t *shape, int rank, const void *data,
                       size_t n_bytes)
{
    char *all = NULL;
    size_t total = 0;
    FILE *f = open_memstream(&all, &total);
    if (!f)
        return false;
    npy_write_header(f, descr, shape, rank);
    if (n_bytes)
        fwrite(data, 1, n_bytes, f);
    bool ok = !ferror(f);
    ok = fclose(f) == 0 && ok;
    zip_source_t *s = ok ? zip_source_buffer(z, all, total, 1) : NULL;
    if (!s) {
        free(all);
        return false;
    }
    zip_int64_t at = zip_file_add(z, name, s, ZIP_FL_ENC_UTF_8);
    if (at < 0) {
        zip_source_free(s);
        return false;
    }
    // A fixed date: the same graph gives the same bytes.
    return zip_file_set_mtime(z, (zip_uint64_t)at, 315619200, 0) == 0;
}

static bool add_members(zip_t *z, const struct csr *g, const int32_t *row)
{
    size_t bytes = (size_t)g->n_edges * 4; // of ids and of weights alike
    return add_member(z, "src_li.npy", "<i4", &g->n_edges, 1, g->colidx,
                      bytes) &&
           add_member(z, "dst_li.npy", "<i4", &g->n_edges, 1, row, bytes) &&
           add_member(z, "num_nodes.npy", "<i8", NULL, 0, &g->n_nodes, 8) &&
           (!g->weight || add_member(z, "edge_weight.npy", "<f4", &g->n_edges,
                                     1, g->weight, bytes));
}

// Leave the archive in `archive`, which the caller frees.
static gnnac_status zip_into(zip_source_t *archive, const char *path,
                             const struct csr *g, const int32_t *row,
                             gnnac_error *err)
{
    zip_t *z = zip_open_from_source(archive, ZIP_TRUNCATE, NULL);
    if (!z)
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", path);
    zip_source_keep(archive); // zip_close and zip_discard free it once
    if (add_members(z, g, row) && zip_close(z) == 0)
        return GNNAC_OK;
    gnnac_status st = FAIL(err, GNNAC_EIO, "%s: %s", path, zip_strerror(z));
    zip_discard(z);
    return st;
}

static gnnac_status write_archive(zip_source_t *archive, const char *path,
                                  gnnac_error *err)
{
    static const size_t room = 1 << 20;
    struct atomic_file f;
    zip_int64_t n = -1;
    char *piece = malloc(room);
    gnnac_status st = atomic_open(path, &f, err);
    if (st == GNNAC_OK && piece && zip_source_open(archive) == 0) {
        while ((n = zip_source_read(archive, piece, room)) > 0)
            fwrite(piece, 1, (size_t)n, f.out);
        zip_source_close(archive);
    }
    free(piece);
    if (st == GNNAC_OK && n < 0) {
        atomic_abandon(&f);
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", path);
    }
    return st == GNNAC_OK ? atomic_commit(&f, err) : st;
}

// The archive is made in memory: libzip writes no stream.
static gnnac_status save_npz(const char *path, const struct csr *g,
                             gnnac_error *err)
{
    int32_t *row = row_of_edges(g);
    zip_source_t *archive = zip_source_buffer_create(NULL, 0, 0, NULL);
    gnnac_status st = row && archive
                          ? zip_into(archive, path, g, row, err)
                          : FAIL(err, GNNAC_ENOMEM, "%s: out of memory", path);
    if (st == GNNAC_OK)
        st = write_archive(archive, path, err);
    zip_source_free(archive);
    free(row);
    return st;
}

// ---- by suffix --------------------------------------------------------------

gnnac_status graph_save(const char *path, const struct csr *g, gnnac_error *err)
{
    static const struct {
        const char *suffix;
        gnnac_status (*save)(const char *, const struct csr *, gnnac_error *);
        bool (*fits)(const char *path, const char *suffix);
    } savers[] = {
        {".npy", save_npy, path_has_suffix},
        {".npz", save_npz, path_has_suffix},
        {".mtx", save_text, text_has_suffix},
        {".txt", save_text, text_has_suffix},
        {".tsv", save_text, text_has_suffix},
        {".csv", save_text, text_has_suffix},
        {".el", save_text, text_has_suffix},
        {".edges", save_text, text_has_suffix},
    };
    for (size_t i = 0; i < sizeof(savers) / sizeof(savers[0]); i++)
        if (savers[i].fits(path, savers[i].suffix))
            return savers[i].save(path, g, err);
    return FAIL(err, GNNAC_EUSAGE,
                "%s: the suffix names no graph form (" GRAPH_FORMS ")", path);
}
