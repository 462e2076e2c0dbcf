#include "tune/subjects.h"

#include <stdio.h>
#include <string.h>

#include "tune/analysis.h"
#include "tune/recall.h"

static const char graph_prefix[] = "subject v1 graph=";
static const char device_prefix[] = "subject v1 device=";

static gnnac_status keep(struct tunedb *db, const char *key,
                         const struct props *p, gnnac_error *err)
{
    struct props known;
    return analysis_recall(db, key, &known)
               ? GNNAC_OK
               : analysis_remember(db, key, p, err);
}

gnnac_status subject_graph_keep(struct tunedb *db, const char *fingerprint,
                                const struct props *graph, gnnac_error *err)
{
    char key[128];
    snprintf(key, sizeof(key), "%s%s", graph_prefix, fingerprint);
    return keep(db, key, graph, err);
}

bool subject_graph(struct tunedb *db, const char *fingerprint,
                   struct props *out)
{
    char key[128];
    snprintf(key, sizeof(key), "%s%s", graph_prefix, fingerprint);
    return analysis_recall(db, key, out);
}

void subjects_remember(struct workbench *wb, const struct graph_input *g)
{
    char key[640], device[512];
    struct props p = {0};
    gnnac_error e = {{0}};
    if (!wb->db || tunedb_is_read_only(wb->db) || g->props.n == 0)
        return;
    gnnac_status st =
        subject_graph_keep(wb->db, g->fingerprint, &g->props, &e);
    recall_device(wb, device, sizeof(device));
    snprintf(key, sizeof(key), "%s%s", device_prefix, device);
    device_props(&wb->device, &p);
    if (st == GNNAC_OK)
        st = keep(wb->db, key, &p, &e);
    if (st != GNNAC_OK)
        workbench_forgets(wb, e.msg);
}

bool subject_is_device(const char *key, const char **text)
{
    size_t n = strlen(device_prefix);
    *text = key + n;
    return strncmp(key, device_prefix, n) == 0;
}

static bool read_count(const struct props *p, const char *name, int64_t *out)
{
    const struct prop *e = props_find(p, name);
    *out = e && e->type == PROP_INT ? e->i : 0;
    return *out > 0;
}

bool device_from_props(const struct props *p, struct device *out)
{
    int64_t arch;
    const struct prop *name = props_find(p, "device.name");
    *out = (struct device){.mem_bandwidth =
                               props_number(p, "device.mem_bandwidth")};
    bool whole = name && name->type == PROP_TEXT && out->mem_bandwidth > 0 &&
                 read_count(p, "device.arch", &arch) && arch < 1000 &&
                 read_count(p, "device.sm_count", &out->sm_count) &&
                 read_count(p, "device.l2_bytes", &out->l2_bytes) &&
                 read_count(p, "device.smem_per_block", &out->smem_per_block) &&
                 read_count(p, "device.smem_per_sm", &out->smem_per_sm) &&
                 read_count(p, "device.max_threads", &out->max_threads) &&
                 read_count(p, "device.regs_per_sm", &out->regs_per_sm);
    if (!whole)
        return false;
    snprintf(out->name, sizeof(out->name), "%s", name->text);
    out->arch = (int32_t)arch;
    return true;
}
