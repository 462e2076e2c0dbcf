#include "plan/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// NVIDIA's datasheets and the CUDA programming guide's table of technical
// specifications; one well-known card per architecture.
static const struct device typical[] = {
    {"T4", 75, 40, 4 << 20, 65536, 65536, 1024, 65536, 320e9, false},
    {"A100 80GB", 80, 108, 40 << 20, 166912, 167936, 1024, 65536, 2039e9,
     false},
    {"RTX 3090", 86, 82, 6 << 20, 101376, 102400, 1024, 65536, 936e9, false},
    {"L40", 89, 142, 96 << 20, 101376, 102400, 1024, 65536, 864e9, false},
    {"H200", 90, 132, 50 << 20, 232448, 233472, 1024, 65536, 4800e9, false},
    {"B200", 100, 148, 126 << 20, 232448, 233472, 1024, 65536, 8000e9, false},
    {"RTX 5090", 120, 170, 96 << 20, 101376, 102400, 1024, 65536, 1792e9,
     false},
};

void device_typical(int32_t arch, struct device *out)
{
    size_t best = 0;
    for (size_t i = 0; i < sizeof(typical) / sizeof(typical[0]); i++)
        if (typical[i].arch <= arch)
            best = i;
    *out = typical[best];
    out->arch = arch;
}

struct residents arch_residents(int32_t arch)
{
    // From the same guide; an architecture without a row is as the one before.
    static const struct {
        int32_t arch;
        struct residents most;
    } rows[] = {
        {75, {32, 16}}, {80, {64, 32}},  {86, {48, 16}},  {89, {48, 24}},
        {90, {64, 32}}, {100, {64, 32}}, {120, {48, 24}},
    };
    struct residents most = rows[0].most;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].arch <= arch)
            most = rows[i].most;
    return most;
}

double device_usable_l2(const struct device *d)
{
    return 0.6 * (double)d->l2_bytes;
}

void device_props(const struct device *d, struct props *out)
{
    props_text(out, "device.name", d->name);
    props_int(out, "device.arch", d->arch);
    props_int(out, "device.sm_count", d->sm_count);
    props_int(out, "device.l2_bytes", d->l2_bytes);
    props_int(out, "device.smem_per_block", d->smem_per_block);
    props_int(out, "device.smem_per_sm", d->smem_per_sm);
    props_int(out, "device.max_threads", d->max_threads);
    props_int(out, "device.regs_per_sm", d->regs_per_sm);
    props_real(out, "device.mem_bandwidth", d->mem_bandwidth);
}

gnnac_status arch_parse(const char *text, int32_t *out, gnnac_error *err)
{
    static const char *const prefixes[] = {"sm_", "compute_", ""};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t n = strlen(prefixes[i]);
        if (strncmp(text, prefixes[i], n) != 0)
            continue;
        char *end;
        long v = strtol(text + n, &end, 10);
        if (end != text + n && *end == '\0' && v >= 50 && v <= 999) {
            *out = (int32_t)v;
            return GNNAC_OK;
        }
    }
    return FAIL(err, GNNAC_EUSAGE,
                "--arch %s: expected native, or sm_NN[,sm_NN...]", text);
}
