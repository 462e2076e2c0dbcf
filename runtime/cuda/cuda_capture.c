#include "cuda/cuda_capture.h"

// A capture that was begun is ended, whatever happened.
static gnnac_status record(const struct cuda_context *c, cu_stream stream,
                           queue_run queue, void *work, int times,
                           cu_graph *out, gnnac_error *err)
{
    gnnac_status st =
        CU(c, cuStreamBeginCapture_v2, (stream, CU_CAPTURE_THREAD_LOCAL), err);
    if (st != GNNAC_OK)
        return st;
    for (int i = 0; i < times && st == GNNAC_OK; i++)
        st = queue(work, stream, err);
    int result = c->cu.cuStreamEndCapture(stream, out);
    return st == GNNAC_OK
               ? driver_status(&c->cu, "cuStreamEndCapture", result, err)
               : st;
}

gnnac_status cuda_capture(const struct cuda_context *c, cu_stream stream,
                          queue_run queue, void *work, int times,
                          cu_graph_exec *out, gnnac_error *err)
{
    cu_graph graph = NULL;
    cu_graph_exec exec = NULL;
    gnnac_status st = record(c, stream, queue, work, times, &graph, err);
    if (st == GNNAC_OK)
        st = CU(c, cuGraphInstantiateWithFlags, (&exec, graph, 0), err);
    if (graph)
        c->cu.cuGraphDestroy(graph);
    if (st == GNNAC_OK)
        *out = exec;
    return st;
}
