// Which rows the gate compares with float64 where all of them would take
// minutes. A row is looked at whole or not at all.
#ifndef GNNAC_ORACLE_SAMPLE_H
#define GNNAC_ORACLE_SAMPLE_H

#include "graph/csr.h"
#include "plan/spec.h"

enum {
    SAMPLE_LONGEST = 64,   // rows
    SAMPLE_OF_OCTAVE = 32, // rows of 2^k .. 2^(k+1) - 1 edges, and of none
    SAMPLE_OCTAVES = 64,
    SAMPLE_ENDS = 64,   // first rows, and last ones
    SAMPLE_SEAMS = 512, // places where blocks of rows, or of edges, may meet
    SAMPLE_SPECIAL = SAMPLE_LONGEST + SAMPLE_OCTAVES * SAMPLE_OF_OCTAVE
};

// Terms, as those of a product are: what a row costs, and each of its edges.
struct oracle_work {
    double row, edge;
};
struct oracle_work oracle_work_of(const struct kernel_spec *spec);

// So many terms are all compared, seconds of a core.
#define ORACLE_LIMIT 0x1p33

// A row is looked at
// - that is the longest, or one of the next, as many of SAMPLE_LONGEST as are
//   half the limit; or drawn from those of its length, SAMPLE_OF_OCTAVE, of
//   long ones fewer but at least one;
// - that is among the first and last; next to a place where blocks of rows of a
//   power of two meet, or has edges on both sides of such a place among the
//   edges (these but for rows of more than `longest_common` edges);
// - that is drawn from the `step` rows it stands among: so whatever spoils
//   2 step - 1 rows in a row is found for sure.
struct oracle_sample {
    const struct csr *g; // borrowed
    int64_t step;        // 1: all rows are looked at
    int64_t row_block, edge_block, longest_common;
    int32_t n_special;
    int64_t special[SAMPLE_SPECIAL]; // the longest first, then drawn ones
    int64_t n_rows;                  // that are looked at
};

// The same rows each time. Takes time as the rows are many, no memory.
void oracle_sample_rows(const struct csr *g, const struct kernel_spec *spec,
                        double limit, struct oracle_sample *out);

// But for the special ones.
bool oracle_sample_has(const struct oracle_sample *s, int64_t v);

#endif
