// The loops of one instruction set, for cpu_micro.c to choose from.
#include "cpu/cpu_lanes.h"

#define TEXT_(name) #name
#define TEXT(name) TEXT_(name)

extern const struct cpu_micro ISA(cpu_micro);
const struct cpu_micro ISA(cpu_micro) = {
    .name = TEXT(CPU_ISA),
    .max_sum_cols = SUM_VECS * LANES,
    .aggregate = ISA(cpu_sum),
    .lanes = LANES,
    .max_tile_cols = TILE_VECS * LANES,
    .multiply = ISA(cpu_tile),
};
