// --dump DIR: every intermediate of one compile as a file that people can read.
#ifndef GNNAC_DUMP_H
#define GNNAC_DUMP_H

#include "tune/assemble.h"

// Creates DIR and writes properties.json, rules.txt, times.csv and, for every
// variant, NAME.cu, NAME.log and its images (NAME.sm_90.cubin, NAME.ptx).
gnnac_status dump_assembly(struct assembly *a, const char *dir, int n_threads,
                           gnnac_error *err);

#endif
