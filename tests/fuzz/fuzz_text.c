// Any bytes as an edge list, compressed where they begin like gzip.
#include "fuzz/graph_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool gzip = size > 1 && data[0] == 0x1f && data[1] == 0x8b;
    return target_run(gzip ? ".txt.gz" : ".txt", false, data, size);
}
