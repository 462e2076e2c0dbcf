// gnnac --worker ROLE: what gnnac starts of itself to do what may hang or
// crash. Not for users: it speaks base/worker.h's messages on its standard
// input.
#include <string.h>

#include "base/worker.h"
#include "cli/cli.h"
#include "tune/compile_pool.h"
#include "tune/time_worker.h"

gnnac_status cmd_worker(const char *role, gnnac_error *err)
{
    struct nvrtc *nvrtc = NULL;
    struct time_worker timer = {0};
    if (strcmp(role, "compile") == 0)
        worker_serve(compile_worker_answer, &nvrtc);
    else if (strcmp(role, "time") == 0)
        worker_serve(time_worker_answer, &timer);
    else
        return FAIL(err, GNNAC_EUSAGE, "--worker is for gnnac itself");
    nvrtc_close(nvrtc);
    time_worker_finish(&timer);
    return GNNAC_OK;
}
