// The command line: one struct that every command reads, filled from one table
// (cli.c) that also prints --help and is checked against the man page. Commands
// are functions cmd_NAME, one file each; main.c maps their status to an exit
// code.
#ifndef GNNAC_CLI_H
#define GNNAC_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "fail.h"
#include "graph/csr.h"

enum { CLI_MAX_ARGS = 48, CLI_MAX_LIST = 32 };

struct text_list {
    size_t n;
    const char *items[CLI_MAX_LIST];
};

// 0 may be meant, so that it was given is said apart.
struct real {
    bool given;
    double value;
};

// All-zero is "nothing given"; cli_parse then sets the documented defaults.
struct options {
    const char *args[CLI_MAX_ARGS]; // what is not an option, in order
    size_t n_args;

    // common
    bool json, verbose, quiet, no_db, no_fuse, no_ptx, deterministic;
    int32_t threads;      // --threads; 0: all
    const char *device;   // --device auto|cpu|cuda:N
    const char *db;       // --db FOLDER or FILE
    uint64_t seed;        // --seed; default 1
    const char *output;   // -o

    // graph input
    struct graph_options graph; // --symmetrize --dedupe --self-loops --flow
                                // --nodes (threads copied in)

    // analyze
    const char *community;   // --community rabbit|leiden
    const char *communities; // --communities OUT.npy
    bool triangles, cached;  // --triangles, --cached

    // compile, explain
    const char *model;    // --model gcn|gin|sage
    int32_t dim, hidden, classes, layers, mlp, heads; // 0: the preset's
    const char *dtype;                                // --dtype f32|f16|bf16
    struct text_list rules; // --rules FILE, repeatable
    struct text_list set;   // --set KNOB=VALUE, repeatable
    const char *arch;     // --arch native|sm_90[,sm_80...]
    const char *tune;     // --tune auto|off|full
    const char *l2;       // --l2 hot|cold
    const char *reorder, *slab_major; // --reorder METHOD|FILE.npy, --slab-major
    int64_t runs;         // --runs
    bool train, sparse;   // --train, --sparse
    const char *whole;    // --whole off|on|KNOB=VALUE,...
    bool logits, residual; // --logits, --residual
    const char *ops;      // --ops sum:64,attention:8x8
    const char *dump;     // --dump DIR

    // tune
    const char *budget;   // --budget 30s
    const char *simulate; // --simulate RECORDS
    bool record;          // --record
    const char *part;     // --part K/N
    bool go_on;           // --resume

    // run
    const char *features; // --features FILE|ones|randn[:SEED]
    const char *weights;  // --weights W.safetensors
    bool verify;          // --verify

    // train
    const char *data;      // --data D.npz
    const char *protocol;  // --protocol kipf|gat; bench: gnnadvisor
    const char *split;     // --split auto|file|random
    const char *normalize; // --normalize none|rows
    const char *form, *math; // --form auto|dense|sparse, --math f32|tf32|...
    const char *loss;      // --loss nll|bce; NULL: what the labels are for
    const char *optimizer; // --optimizer adam|adamw|sgd
    const char *keep;      // --keep best|last
    const char *watch;     // --watch accuracy|loss|both; NULL: the protocol's
    const char *state;     // --state FILE
    const char *resume;    // --resume FILE
    int64_t epochs, patience; // 0: not given
    int32_t decay_layers;     // 0: not given
    struct real lr, dropout, attention_dropout, weight_decay, momentum;
    bool learn_eps;

    // bench (and protocol, epochs)
    bool csv; const char *study; // --csv, --study partSize|dimWorker|...

    // inspect
    const char *source, *ptx; // --source NAME, --ptx NAME
    bool check;               // --check

    // reorder
    const char *order; // --order METHOD|FILE.npy
    const char *perm;  // --perm P.npy

    // db prune, tune
    int64_t max_bytes, max_age; // --max-bytes, --max-age (-1: any)
    bool dry_run;               // --dry-run
    bool quarantine;            // --quarantine

    // generate (its KIND is args[0])
    int64_t edges, blocks; // --edges, --blocks (--nodes is graph.n_nodes)
};

// One row of the table of commands (main.c).
enum command_bit {
    CMD_ANALYZE = 1 << 0,
    CMD_COMPILE = 1 << 1,
    CMD_CONVERT = 1 << 2,
    CMD_DOCTOR = 1 << 3,
    CMD_EXPLAIN = 1 << 4,
    CMD_GENERATE = 1 << 5,
    CMD_INSPECT = 1 << 6,
    CMD_REORDER = 1 << 7,
    CMD_RULES = 1 << 8,
    CMD_RUN = 1 << 9,
    CMD_DB = 1 << 10,
    CMD_TRAIN = 1 << 11,
    CMD_BENCH = 1 << 12,
    CMD_TUNE = 1 << 13,
    CMD_ALL = (1 << 14) - 1,
};

struct command {
    enum command_bit bit;
    const char *name;
    gnnac_status (*run)(const struct options *o, gnnac_error *err);
    const char *args; // "GRAPH", for people
    size_t min_args, max_args;
    const char *summary;
};

// One row of the table of options (cli.c).
enum option_kind {
    OPT_FLAG,   // bool
    OPT_TEXT,   // const char *
    OPT_LIST,   // struct text_list; each use appends
    OPT_WORD,   // const char *, one of the words of `arg` ("auto|off|full")
    OPT_SECOND, // bool: true when given the second of the two words of `arg`
    OPT_INT32,
    OPT_INT64,
    OPT_UINT64,
    OPT_REAL, // struct real; 0 <= value < max, where there is one
};

struct option_spec {
    const char *name; // without the dashes
    char letter;      // 0: none
    enum option_kind kind;
    const char *arg; // its name in help, or its words; NULL for flags
    size_t offset;   // into struct options
    unsigned commands;
    int64_t min, max;    // of numbers; 0, 0: no bounds but the type's
    const char *dflt;    // parsed before the command line; NULL: all-zero
    const char *doc;
};

// NULL-terminated by name.
extern const struct option_spec cli_options[];

// `argv` begins behind the command's name. Strings in `out` belong to argv or
// are constants. *help is set when --help stands anywhere before a mistake;
// `out` is then not to be used. GNNAC_EUSAGE.
gnnac_status cli_parse(const struct command *cmd, int argc,
                       const char *const *argv, struct options *out, bool *help,
                       gnnac_error *err);

// `commands` ends with a NULL name.
void cli_print_usage(const struct command *commands, FILE *out);
void cli_print_help(const struct command *cmd, FILE *out);

gnnac_status cmd_analyze(const struct options *o, gnnac_error *err);
gnnac_status cmd_bench(const struct options *o, gnnac_error *err);
gnnac_status cmd_compile(const struct options *o, gnnac_error *err);
gnnac_status cmd_convert(const struct options *o, gnnac_error *err);
gnnac_status cmd_db(const struct options *o, gnnac_error *err);
gnnac_status cmd_doctor(const struct options *o, gnnac_error *err);
gnnac_status cmd_explain(const struct options *o, gnnac_error *err);
gnnac_status cmd_generate(const struct options *o, gnnac_error *err);
gnnac_status cmd_inspect(const struct options *o, gnnac_error *err);
gnnac_status cmd_reorder(const struct options *o, gnnac_error *err);
gnnac_status cmd_rules(const struct options *o, gnnac_error *err);
gnnac_status cmd_run(const struct options *o, gnnac_error *err);
gnnac_status cmd_train(const struct options *o, gnnac_error *err);
gnnac_status cmd_tune(const struct options *o, gnnac_error *err);
gnnac_status cmd_worker(const char *role, gnnac_error *err); // no options

#endif
