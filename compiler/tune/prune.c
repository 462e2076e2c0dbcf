#include "tune/prune.h"

#include <inttypes.h>
#include <string.h>

#include "jit/nvrtc.h"

// Registers are handed out to a warp by so many, shared memory to a block with
// so many bytes of the system's own (compute capability 8.0 and later).
enum { WARP = 32, REGISTER_UNIT = 256, SYSTEM_SHARED = 1024 };

struct needs {
    int registers, spill_bytes, shared;
};

static struct needs needs_of(const struct variant *v)
{
    struct needs k = {-1, -1, -1};
    if (v->images[0].log)
        nvrtc_parse_log(v->images[0].log, &k.registers, &k.spill_bytes,
                        &k.shared);
    return k;
}

static int64_t warps_of(const struct device *d, const struct needs *k,
                        const struct launch *l)
{
    int64_t warps = (l->block + WARP - 1) / WARP;
    int64_t units =
        ((int64_t)k->registers * WARP + REGISTER_UNIT - 1) / REGISTER_UNIT;
    int64_t registers = (units ? units : 1) * REGISTER_UNIT * warps;
    int64_t shared = k->shared + l->shared_bytes + SYSTEM_SHARED;
    int64_t blocks = d->regs_per_sm / registers;
    if (d->smem_per_sm / shared < blocks)
        blocks = d->smem_per_sm / shared;
    return blocks * warps;
}

static int64_t least_warps(const struct device *d, const struct needs *k,
                           const struct kernel *kernel)
{
    int64_t least = -1;
    for (int32_t i = 0; i < kernel->n_launches && k->registers >= 0; i++) {
        int64_t n = warps_of(d, k, &kernel->launches[i]);
        if (least < 0 || n < least)
            least = n;
    }
    return least;
}

int64_t resident_warps(const struct device *d, const struct variant *v)
{
    const struct needs k = needs_of(v);
    return least_warps(d, &k, &v->kernel);
}

static bool is_poor(const struct device *d, const struct variant *v,
                    gnnac_error *why)
{
    const struct needs k = needs_of(v);
    int64_t warps = least_warps(d, &k, &v->kernel);
    if (k.spill_bytes > 0)
        gnnac__set_error(why, "%s spills %d bytes of registers",
                         v->kernel.name, k.spill_bytes);
    else if (warps >= 0 && warps < PRUNE_LEAST_WARPS)
        gnnac__set_error(why, "%s: %" PRId64 " warps on a multiprocessor",
                         v->kernel.name, warps);
    else
        return false;
    return true;
}

bool is_pruned(const struct device *d, const struct variant *all,
               const int32_t *options, size_t n, int32_t v, gnnac_error *why)
{
    if (strcmp(all[v].status, "ok") != 0 || !is_poor(d, &all[v], why))
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct variant *other = &all[options[i]];
        if (strcmp(other->status, "ok") == 0 && other->images[0].image &&
            strcmp(other->kernel.family, all[v].kernel.family) == 0 &&
            !is_poor(d, other, NULL))
            return true;
    }
    return false;
}
