#include "graph/progress.h"

#include <stdio.h>

void progress_read(progress_teller *tell, const char *path, uint64_t done,
                   uint64_t total)
{
    enum { MB = 1000000 };
    char what[64];
    if (!tell || total < PROGRESS_BYTES)
        return;
    snprintf(what, sizeof(what), "reading MB of %s", path);
    tell(what, (size_t)(done == total ? total / MB : done / MB),
         (size_t)(total / MB));
}
