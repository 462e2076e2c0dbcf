// An emitted kernel as the runner sees it: generated tables of these are linked
// to run_cases.cpp.
#ifndef GNNAC_CASES_H
#define GNNAC_CASES_H

#include <vector>

extern "C" {
#include "plan/spec.h"
}

struct shim_launch_info {
    void (*call)(void **args);
    grid_count count;
    int per_block, grid_y, block;
    std::vector<launch_arg> args;
};

struct shim_kernel {
    const char *line; // the case, as in cases.txt
    const char *op;
    kernel_spec spec;
    int part_size, part_rows, parts_per_block;
    int packed_rows, packed_edges, packed_step;
    int tile_percent, tile_blocks;
    bool partials, atomics;
    int tickets;
    std::vector<shim_launch_info> launches;
};

// Filled before main runs.
std::vector<shim_kernel> &all_kernels();

#endif
