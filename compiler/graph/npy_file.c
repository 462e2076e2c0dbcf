#include "graph/npy_file.h"

#include <stdio.h>

static gnnac_status parse(const struct text *t, struct npy_array *a,
                          gnnac_error *err)
{
    gnnac_status st = npy_parse(t->data, t->n_bytes, t->path, &a->h, err);
    if (st != GNNAC_OK)
        return st;
    size_t need = npy_data_bytes(&a->h), have = t->n_bytes - a->h.data_at;
    if (have != need)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: byte %zu: the shape needs %zu bytes, there are %zu",
                    t->path, a->h.data_at, need, have);
    snprintf(a->name, sizeof(a->name), "%s", t->path);
    a->data = (const unsigned char *)t->data + a->h.data_at;
    a->spare = t->mapped ? NPY_MAPPED : NPY_KEEP;
    return GNNAC_OK;
}

gnnac_status npy_file_open(const char *path, struct npy_file *out,
                           gnnac_error *err)
{
    gnnac_status st = text_open(path, &out->bytes, err);
    if (st != GNNAC_OK)
        return st;
    st = parse(&out->bytes, &out->array, err);
    if (st != GNNAC_OK)
        text_close(&out->bytes);
    return st;
}

void npy_file_close(struct npy_file *f)
{
    text_close(&f->bytes);
}
