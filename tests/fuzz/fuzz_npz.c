// Any bytes as a .npz file: a graph, features, or one line that says why not.
#include "fuzz/graph_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return target_run(".npz", true, data, size);
}
