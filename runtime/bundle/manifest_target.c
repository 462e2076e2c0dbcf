// What a manifest says of its graph, and of the GPUs that it has images for.
#include <string.h>

#include "bundle/manifest.h"

#define BAD(...) FAIL(err, GNNAC_EFORMAT, "manifest: " __VA_ARGS__)

static bool only(const char *s, const char *allowed)
{
    return s[strspn(s, allowed)] == '\0';
}

static bool is_arch(const char *s, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(s, prefix, n) == 0 && s[n] >= '1' && s[n] <= '9' &&
           only(s + n, "0123456789abcdefghijklmnopqrstuvwxyz");
}

// ---- graph and targets ------------------------------------------------------

static bool is_fingerprint(const char *s)
{
    return strlen(s) == 32 && only(s, "0123456789abcdef");
}

gnnac_status manifest_check_graph(const struct manifest *m, gnnac_error *err)
{
    if (!is_fingerprint(m->fingerprint) ||
        (is_reordered(m) && !is_fingerprint(m->reorder.fingerprint)))
        return BAD("a fingerprint is not 32 hexadecimal digits");
    if (m->n_stored_edges > m->n_edges ||
        (m->n_stored_edges < m->n_edges && !m->self_loops_removed))
        return BAD("%lld of %lld edges are stored",
                   (long long)m->n_stored_edges, (long long)m->n_edges);
    if (m->n_nodes == 0 && m->n_edges > 0)
        return BAD("edges without nodes");
    return GNNAC_OK;
}

gnnac_status manifest_check_archs(const struct manifest *m, gnnac_error *err)
{
    for (int32_t i = 0; i < m->n_archs; i++) {
        if (!is_arch(m->archs[i], "sm_"))
            return BAD("archs[%d] is not like \"sm_90\"", (int)i);
        for (int32_t j = 0; j < i; j++)
            if (strcmp(m->archs[i], m->archs[j]) == 0)
                return BAD("%s is named twice", m->archs[i]);
    }
    if (m->ptx_arch[0] && !is_arch(m->ptx_arch, "compute_"))
        return BAD("ptx_arch is not like \"compute_75\"");
    return GNNAC_OK;
}
