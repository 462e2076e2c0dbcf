// Writes graphs: the same forms that load.c reads.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
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

static gnnac_status write_npz(const char *temporary, const char *path,
                              const struct csr *g, const int32_t *row,
                              gnnac_error *err)
{
    int code;
    size_t bytes = (size_t)g->n_edges * 4; // of ids and of weights alike
    zip_t *z = zip_open(temporary, ZIP_CREATE | ZIP_TRUNCATE, &code);
    if (!z)
        return FAIL(err, GNNAC_EIO, "%s: cannot write", path);
    bool ok =
        add_member(z, "src_li.npy", "<i4", &g->n_edges, 1, g->colidx, bytes) &&
        add_member(z, "dst_li.npy", "<i4", &g->n_edges, 1, row, bytes) &&
        add_member(z, "num_nodes.npy", "<i8", NULL, 0, &g->n_nodes, 8) &&
        (!g->weight || add_member(z, "edge_weight.npy", "<f4", &g->n_edges, 1,
                                  g->weight, bytes));
    if (!ok || zip_close(z) != 0) {
        gnnac_status st =
            FAIL(err, GNNAC_EIO, "%s: %s", path, zip_strerror(z));
        zip_discard(z);
        return st;
    }
    return GNNAC_OK;
}

// To the disk, before the name points to it.
static bool sync_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

static gnnac_status save_npz(const char *path, const struct csr *g,
                             gnnac_error *err)
{
    char *temporary = NULL;
    int32_t *row = row_of_edges(g);
    gnnac_status st = GNNAC_OK;
    if (!row || asprintf(&temporary, "%s.%ld.tmp", path, (long)getpid()) < 0) {
        free(row);
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", path);
    }
    st = write_npz(temporary, path, g, row, err);
    if (st == GNNAC_OK &&
        (!sync_file(temporary) || rename(temporary, path) != 0))
        st = FAIL(err, GNNAC_EIO, "%s: cannot write", path);
    if (st != GNNAC_OK)
        unlink(temporary);
    free(temporary);
    free(row);
    return st;
}

// ---- by suffix --------------------------------------------------------------

gnnac_status graph_save(const char *path, const struct csr *g,
                        gnnac_error *err)
{
    static const struct {
        const char *suffix;
        gnnac_status (*save)(const char *, const struct csr *, gnnac_error *);
    } savers[] = {
        {".npy", save_npy},   {".npz", save_npz},  {".mtx", save_text},
        {".txt", save_text},  {".tsv", save_text}, {".csv", save_text},
        {".el", save_text},   {".edges", save_text},
    };
    for (size_t i = 0; i < sizeof(savers) / sizeof(savers[0]); i++)
        if (path_has_suffix(path, savers[i].suffix))
            return savers[i].save(path, g, err);
    return FAIL(err, GNNAC_EUSAGE,
                "%s: the suffix names no graph form (.npy .npz .mtx .txt .tsv "
                ".csv .el .edges; text also with .gz)",
                path);
}
