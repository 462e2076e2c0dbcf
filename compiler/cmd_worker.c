// gnnac --worker ROLE: what gnnac starts of itself to do what may hang or
// crash. Not for users: it speaks base/worker.h's messages on its standard
// input.
#include <string.h>

#include "base/worker.h"
#include "cli.h"
#include "tune/compile_pool.h"

gnnac_status cmd_worker(const char *role, gnnac_error *err)
{
    struct nvrtc *nvrtc = NULL;
    if (strcmp(role, "compile") != 0)
        return FAIL(err, GNNAC_EUSAGE, "--worker is for gnnac itself");
    worker_serve(compile_worker_answer, &nvrtc);
    nvrtc_close(nvrtc);
    return GNNAC_OK;
}
