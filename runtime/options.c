#include "options.h"

#include <stdbool.h>
#include <string.h>

static bool is_zero(const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

gnnac_status options_unknown(const char *name, gnnac_error *err)
{
    return FAIL(err, GNNAC_EUSAGE,
                "%s has options that gnnac %s does not know", name,
                GNNAC_VERSION);
}

gnnac_status options_read(const void *given, size_t oldest, void *out,
                          size_t known, const char *name, gnnac_error *err)
{
    size_t size = *(const size_t *)given;
    if (size < oldest)
        return FAIL(err, GNNAC_EUSAGE,
                    "%s.struct_size is %zu, expected %zu", name, size, known);
    if (size > known &&
        !is_zero((const unsigned char *)given + known, size - known))
        return options_unknown(name, err);
    memset(out, 0, known);
    memcpy(out, given, size < known ? size : known);
    return GNNAC_OK;
}

gnnac_status options_check(const void *given, size_t known, const char *name,
                           gnnac_error *err)
{
    size_t size = *(const size_t *)given;
    if (size < known)
        return FAIL(err, GNNAC_EUSAGE, "%s.struct_size is %zu, expected %zu",
                    name, size, known);
    if (!is_zero((const unsigned char *)given + known, size - known))
        return options_unknown(name, err);
    return GNNAC_OK;
}
