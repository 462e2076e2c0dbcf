// The command line: one struct that every command reads, filled from one table
// (cli.c) that also prints --help and is checked against the man page. Commands
// are functions cmd_NAME, one file each; main.c maps their status to an exit
// code.
#ifndef GNNAC_CLI_H
#define GNNAC_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fail.h"
#include "graph/csr.h"

enum { CLI_MAX_ARGS = 16, CLI_MAX_LIST = 32 };

struct text_list {
    size_t n;
    const char *items[CLI_MAX_LIST];
};

// All-zero is "nothing given"; cli_parse then sets the documented defaults.
struct options {
    const char *args[CLI_MAX_ARGS]; // what is not an option, in order
    size_t n_args;

    // common
    bool json, verbose, quiet, no_db;
    int32_t threads;      // --threads; 0: all
    const char *device;   // --device auto|cpu|cuda:N
    const char *db;       // --db FOLDER or FILE
    uint64_t seed;        // --seed; default 1
    const char *output;   // -o

    // graph input
    struct graph_options graph; // --symmetrize --dedupe --self-loops --flow
                                // --nodes (threads copied in)

    // compile, explain
    const char *model;    // --model gcn|gin|sage
    int32_t dim, hidden, classes, layers, mlp; // 0: the preset's
    struct text_list rules; // --rules FILE, repeatable
    struct text_list set;   // --set KNOB=VALUE, repeatable
    const char *arch;     // --arch native|sm_90[,sm_80...]
    const char *tune;     // --tune auto|off|full
    const char *dump;     // --dump DIR

    // run
    const char *features; // --features X.npy|ones|randn[:SEED]
    const char *weights;  // --weights W.safetensors
    bool verify;          // --verify

    // inspect
    const char *source, *ptx; // --source NAME, --ptx NAME
    bool check;               // --check

    // generate (its KIND is args[0])
    int64_t edges, blocks; // --edges, --blocks (--nodes is graph.n_nodes)
};

gnnac_status cmd_analyze(const struct options *o, gnnac_error *err);
gnnac_status cmd_compile(const struct options *o, gnnac_error *err);
gnnac_status cmd_convert(const struct options *o, gnnac_error *err);
gnnac_status cmd_doctor(const struct options *o, gnnac_error *err);
gnnac_status cmd_explain(const struct options *o, gnnac_error *err);
gnnac_status cmd_generate(const struct options *o, gnnac_error *err);
gnnac_status cmd_inspect(const struct options *o, gnnac_error *err);
gnnac_status cmd_rules(const struct options *o, gnnac_error *err);
gnnac_status cmd_run(const struct options *o, gnnac_error *err);

#endif
