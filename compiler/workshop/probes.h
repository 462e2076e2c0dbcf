// Made-up workloads to ask rules about: a grid of graphs and widths, and walks
// that change what a rule reads until it holds.
#ifndef GNNAC_PROBES_H
#define GNNAC_PROBES_H

#include "base/props.h"
#include "plan/rules.h"
#include "plan/spec.h"

// What rules are asked about.
struct probe {
    struct props graph, layer, device;
};

// The `i`-th of the grid; false beyond the last.
bool probe_at(size_t i, struct probe *out);
// What a GCN layer of the probe's width demands of a kernel, or, where the
// operation `op` is attention, a GAT layer.
struct kernel_spec probe_spec(const struct probe *p, const char *op);

// Numbers and texts that properties are set to: common ones, and those that
// stand in the text of a rule file, with their neighbours.
struct dictionary {
    size_t n_numbers, n_words;
    double *numbers;
    char (*words)[64];
};
gnnac_status dictionary_of(const char *text, struct dictionary *out,
                           gnnac_error *err);
void dictionary_finish(struct dictionary *d);

// Deterministic numbers in [0, n).
struct dice {
    uint64_t state;
};
size_t dice_roll(struct dice *d, size_t n);

// Set the named property to something of the dictionary that fits its type.
void probe_change(struct probe *p, const char *name, const struct dictionary *d,
                  struct dice *dice);

#endif
