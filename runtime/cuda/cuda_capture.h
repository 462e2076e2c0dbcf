// Work on a stream, recorded as a CUDA graph: launched as a whole, its kernels
// follow each other without waiting for the CPU.
#ifndef GNNAC_CUDA_CAPTURE_H
#define GNNAC_CUDA_CAPTURE_H

#include "cuda/cuda_context.h"

// Queue one run of `work` on `stream`; nothing is waited for.
typedef gnnac_status (*queue_run)(void *work, cu_stream stream,
                                  gnnac_error *err);

// `times` runs in a row; *out is destroyed with cuGraphExecDestroy. Nothing
// runs. Inside cuda_enter/cuda_leave, and where no other thread uses the
// stream. GNNAC_EDRIVER, also where something that is queued cannot be
// recorded, and what `queue` reports.
gnnac_status cuda_capture(const struct cuda_context *c, cu_stream stream,
                          queue_run queue, void *work, int times,
                          cu_graph_exec *out, gnnac_error *err);

#endif
