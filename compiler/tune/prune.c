#include "tune/prune.h"

#include <inttypes.h>
#include <string.h>

#include "jit/nvrtc.h"

// Registers are handed out to a warp by so many, shared memory to a block with
// so many bytes of the system's own (compute capability 8.0 and later).
// Each of a multiprocessor's partitions has a share of its registers and warps.
enum { WARP = 32, REGISTER_UNIT = 256, SYSTEM_SHARED = 1024, PARTITIONS = 4 };

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

// The fewest blocks by any of what a multiprocessor has.
static int64_t blocks_of(const struct device *d, int registers, int64_t shared,
                         int64_t warps)
{
    const struct residents most = arch_residents(d->arch);
    int64_t units = ((int64_t)registers * WARP + REGISTER_UNIT - 1) /
                    REGISTER_UNIT;
    int64_t by_registers =
        d->regs_per_sm / ((units ? units : 1) * REGISTER_UNIT);
    const int64_t limits[] = {
        by_registers / PARTITIONS * PARTITIONS / warps,
        d->smem_per_sm / (shared + SYSTEM_SHARED),
        most.warps / warps,
        most.blocks,
    };
    int64_t least = limits[0];
    for (size_t i = 1; i < sizeof(limits) / sizeof(limits[0]); i++)
        if (limits[i] < least)
            least = limits[i];
    return least;
}

int64_t resident_warps(const struct device *d, const struct kernel *kernel,
                       int registers, int shared)
{
    int64_t least = INT64_MAX;
    for (int32_t i = 0; i < kernel->n_launches; i++) {
        const struct launch *l = &kernel->launches[i];
        int64_t warps = (l->block + WARP - 1) / WARP;
        int64_t n = warps * blocks_of(d, registers,
                                      (int64_t)shared + l->shared_bytes, warps);
        if (n < least)
            least = n;
    }
    return least;
}

static bool is_poor(const struct device *d, const struct variant *v,
                    gnnac_error *why)
{
    const struct needs k = needs_of(v);
    bool known = k.registers >= 0 && v->kernel.n_launches > 0;
    int64_t warps = known ? resident_warps(d, &v->kernel, k.registers, k.shared)
                          : PRUNE_LEAST_WARPS;
    if (k.spill_bytes > 0)
        gnnac__set_error(why, "%s spills %d bytes of registers",
                         v->kernel.name, k.spill_bytes);
    else if (warps < PRUNE_LEAST_WARPS)
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
