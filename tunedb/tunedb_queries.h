// The open tuning database and its statements: tunedb.c and
// tunedb_*.c.
#ifndef GNNAC_TUNEDB_QUERIES_H
#define GNNAC_TUNEDB_QUERIES_H

#include "db.h"
#include "tunedb.h"

struct tunedb {
    struct db db;
};

// ADD_x, FIND_x pairs: a text's row is added if absent, then found.
enum tunedb_statement {
    ADD_GRAPH,
    FIND_GRAPH,
    ADD_OP,
    FIND_OP,
    ADD_DEVICE,
    FIND_DEVICE,
    ADD_TOOLCHAIN,
    FIND_TOOLCHAIN,
    ADD_SPACE,
    FIND_SPACE,
    ADD_VARIANT,
    FIND_VARIANT,
    ADD_RUN,
    ADD_MEASUREMENT,
    GET_DECISION,
    PUT_DECISION,
    GET_ANALYSIS,
    PUT_ANALYSIS,
};

#endif
