#include "graph/coo_build.h"
#include "graph/load_binary.h"
#include "graph/npy_file.h"

gnnac_status edges_of_array(const char *path, const struct npy_array *a,
                            int64_t declared, const struct graph_options *opt,
                            struct coo *out, gnnac_error *err)
{
    const struct npy_header *h = &a->h;
    bool rows = h->rank == 2 && h->shape[0] == 2;
    bool pairs = h->rank == 2 && h->shape[1] == 2 && !rows;
    if (!rows && !pairs)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte 10: an edge array has the shape [2, E] or [E, 2]",
                    a->name);
    int64_t n = h->shape[rows ? 1 : 0];
    // Sources lie side by side when the array is rows in C order or pairs in
    // Fortran order; else every other element is one.
    bool apart = rows != h->fortran;
    struct id_run src = {a, 0, apart ? 1 : 2};
    struct id_run dst = {a, apart ? n : 1, apart ? 1 : 2};
    return coo_from_runs(path, src, dst, n, declared, opt, out, err);
}

gnnac_status load_npy(const char *path, const struct graph_options *opt,
                      struct coo *out, gnnac_error *err)
{
    struct npy_file f;
    gnnac_status st = npy_file_open(path, &f, err);
    if (st != GNNAC_OK)
        return st;
    st = edges_of_array(path, &f.array, -1, opt, out, err);
    npy_file_close(&f);
    return st;
}
