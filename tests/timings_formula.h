// Graphs and timings that a formula makes up, for tests of what judges rules
// and learns them; no number here is of a GPU.
#ifndef GNNAC_TIMINGS_FORMULA_H
#define GNNAC_TIMINGS_FORMULA_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "plan/schema.h"
#include "tune/variant.h"

// Kinds in turn: even rows; short rows around hubs; rows that are long anyway.
static inline void timings_graph(int i, struct props *out)
{
    char fingerprint[33];
    int kind = i % 3, size = i / 3;
    double mean = (kind == 0 ? 6 : kind == 1 ? 12 : 90) + size;
    int64_t nodes = (int64_t)(kind == 2 ? 3000 : 20000) * (size + 1) + 13 * i;
    out->n = 0;
    snprintf(fingerprint, sizeof(fingerprint), "%08x%024x", 0xabc00000u + i, i);
    props_int(out, "graph.nodes", nodes);
    props_int(out, "graph.edges", (int64_t)((double)nodes * mean));
    props_real(out, "graph.degree.mean", mean);
    props_int(out, "graph.degree.max",
              (int64_t)(kind == 1 ? 400 * mean : 2.5 * mean));
    props_real(out, "graph.degree.cv", kind == 1 ? 4 + 0.1 * size : 0.3);
    props_real(out, "graph.degree.top1_share", kind == 1 ? 0.3 : 0.02);
    props_text(out, "graph.community.method", "rabbit");
    props_text(out, "graph.fingerprint", fingerprint);
    schema_complete(out, "graph");
}

// A number in [0, 1) that depends on the text alone.
static inline double timings_noise(const char *text)
{
    uint32_t h = 2166136261u;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 16777619u;
    return (double)(h >> 8) / (1 << 24);
}

// The formula: hubs slow down what goes row by row, edge ranges cost a little
// everywhere else, and sorting rows by length is never worth it.
static inline double timings_ns(const struct candidate *c,
                                const struct props *graph, int width)
{
    char text[256];
    double cv = props_number(graph, "graph.degree.cv");
    double mean = props_number(graph, "graph.degree.mean");
    double ns = 3000 + props_number(graph, "graph.edges") * width * 0.004;
    double lanes = (double)candidate_get(c, "dimWorker", 32);
    double unroll = (double)candidate_get(c, "unroll", 4);
    if (strcmp(c->family->name, "row_split") == 0)
        ns *= 1 + 0.2 * fmax(0, cv - 1);
    else if (strcmp(c->family->name, "neighbor_group") == 0)
        ns *= (mean >= 48 ? 0.9 : 1.12) + 0.02 * fmax(0, cv - 1);
    else
        ns *= strcmp(c->family->name, "hybrid") == 0 ? 1.3 : 1.1;
    ns *= 1 + 0.04 * fabs(log2(4 * lanes / width));
    ns *= 1 + 0.01 * fabs(log2(unroll / 4));
    candidate_text(c, text, sizeof(text));
    return ns * (1 + 0.004 * timings_noise(text));
}

#endif
