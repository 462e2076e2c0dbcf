// Forward passes that were captured.
#ifndef GNNAC_GPU_REPLAY_H
#define GNNAC_GPU_REPLAY_H

#include "gpu_loaded.h"

// A pass in that workspace, captured, to be launched by more.cuGraphLaunch.
struct replay {
    void *graph, *exec;
};

static inline struct replay capture_forward(struct loaded *l, cu_ptr workspace)
{
    struct replay r = {NULL, NULL};
    gnnac_error err = {{0}};
    CHECK_INT(more.cuStreamBeginCapture_v2(l->stream, 0), 0);
    CHECK_OK(forward_on(l, l->y, workspace, l->stream, &err), err);
    CHECK_INT(more.cuStreamEndCapture(l->stream, &r.graph), 0);
    CHECK_INT(more.cuGraphInstantiateWithFlags(&r.exec, r.graph, 0), 0);
    return r;
}

static inline void forget_replay(struct replay *r)
{
    CHECK_INT(more.cuGraphExecDestroy(r->exec), 0);
    CHECK_INT(more.cuGraphDestroy(r->graph), 0);
}

#endif
