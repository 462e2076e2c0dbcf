#include <errno.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "options.h"

enum { MAX_THREADS = 4096 };

static gnnac_status read_options(const gnnac_context_options *given,
                                 gnnac_context_options *o, gnnac_error *err)
{
    static const char name[] = "gnnac_context_options";
    *o = (gnnac_context_options){.struct_size = sizeof(*o)};
    if (!given)
        return GNNAC_OK;
    gnnac_status st = options_check(given, sizeof(*o), name, err);
    if (st != GNNAC_OK)
        return st;
    if (given->reserved != 0)
        return options_unknown(name, err);
    if (given->n_threads < 0 || given->n_threads > MAX_THREADS)
        return FAIL(err, GNNAC_EUSAGE, "n_threads must be from 0 to %d",
                    (int)MAX_THREADS);
    memcpy(o, given, sizeof(*o));
    return GNNAC_OK;
}

// What a device text asks for.
struct wish {
    bool cpu_allowed, cuda_allowed;
    int ordinal;
};

static gnnac_status read_ordinal(const char *device, int *out, gnnac_error *err)
{
    char *end;
    errno = 0;
    long n = strtol(device + 5, &end, 10);
    if (device[5] < '0' || device[5] > '9' || *end || errno || n > 1023)
        return FAIL(err, GNNAC_EUSAGE,
                    "device \"%.40s\": expected auto, cpu or cuda:N", device);
    *out = (int)n;
    return GNNAC_OK;
}

static gnnac_status read_wish(const char *device, struct wish *out,
                              gnnac_error *err)
{
    *out = (struct wish){0};
    if (!device || strcmp(device, "auto") == 0) {
        out->cpu_allowed = out->cuda_allowed = true;
        return GNNAC_OK;
    }
    if (strcmp(device, "cpu") == 0) {
        out->cpu_allowed = true;
        return GNNAC_OK;
    }
    out->cuda_allowed = true;
    if (strcmp(device, "cuda") == 0)
        return GNNAC_OK;
    if (strncmp(device, "cuda:", 5) == 0)
        return read_ordinal(device, &out->ordinal, err);
    return FAIL(err, GNNAC_EUSAGE,
                "device \"%.40s\": expected auto, cpu or cuda:N", device);
}

// A GPU that is there but does not work is an error even for "auto": running
// on the CPU instead would hide it.
static gnnac_status open_device(const struct wish *w, struct gnnac_context *c,
                                gnnac_error *err)
{
    gnnac_status st = GNNAC_ENODEVICE;
    char name[128] = "";
    gnnac_error why = {{0}};
    if (w->cuda_allowed)
        st = cuda_context_create(w->ordinal, &c->cuda, name, sizeof(name),
                                 &why);
    if (st == GNNAC_OK) {
        c->is_cuda = true;
        snprintf(c->device, sizeof(c->device), "cuda:%d (%s)", w->ordinal,
                 name);
        return GNNAC_OK;
    }
    if (!w->cpu_allowed || st != GNNAC_ENODEVICE)
        return FAIL(err, st, "%s", why.msg);
    strcpy(c->device, "cpu");
    return GNNAC_OK;
}

gnnac_status gnnac_context_create(const gnnac_context_options *options,
                                  gnnac_context **out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    gnnac_context_options o;
    struct wish wish;
    struct gnnac_context *c = NULL;

    gnnac__clear(err);
    if (!out)
        return FAIL(err, GNNAC_EUSAGE, "gnnac_context_create: NULL argument");
    TRY(read_options(options, &o, err));
    TRY(read_wish(o.device, &wish, err));
    if (!(c = calloc(1, sizeof(*c)))) {
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
        goto out;
    }
    c->n_threads = o.n_threads ? o.n_threads : omp_get_max_threads();
    TRY(open_device(&wish, c, err));
    *out = c;
    c = NULL;

out:
    gnnac_context_destroy(c);
    return st;
}

void gnnac_context_destroy(gnnac_context *ctx)
{
    if (!ctx)
        return;
    cuda_context_destroy(ctx->cuda);
    free(ctx);
}

const char *gnnac_context_device(const gnnac_context *ctx)
{
    return ctx->device;
}

int gnnac_context_is_cuda(const gnnac_context *ctx)
{
    return ctx->is_cuda;
}
