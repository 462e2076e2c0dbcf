#include "fail.h"

#include <stdarg.h>
#include <stdio.h>

void gnnac__set_error(gnnac_error *err, const char *fmt, ...)
{
    if (!err || err->msg[0] != '\0')
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
}

void gnnac__clear(gnnac_error *err)
{
    if (err)
        err->msg[0] = '\0';
}

const char *gnnac_status_string(gnnac_status st)
{
    static const char *const names[] = {
        [GNNAC_OK] = "ok",
        [GNNAC_EUSAGE] = "wrong usage",
        [GNNAC_EIO] = "cannot read or write",
        [GNNAC_EFORMAT] = "bad input",
        [GNNAC_ENOMEM] = "out of memory",
        [GNNAC_ENOENT] = "not found",
        [GNNAC_EUNSUPPORTED] = "not supported",
        [GNNAC_ENODEVICE] = "no device",
        [GNNAC_EDRIVER] = "device error",
        [GNNAC_ECOMPILE] = "kernel does not compile",
        [GNNAC_EWRONG] = "wrong result",
        [GNNAC_ENOISY] = "measurement too noisy",
        [GNNAC_EDB] = "database error",
        [GNNAC_EINTERNAL] = "internal error",
    };
    if ((unsigned)st >= sizeof(names) / sizeof(names[0]))
        return "unknown status";
    return names[st];
}
