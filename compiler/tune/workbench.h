// Everything that compile and explain work with, opened once from the command
// line: templates, rules, databases, compiler, the device to build for.
#ifndef GNNAC_WORKBENCH_H
#define GNNAC_WORKBENCH_H

#include "backend.h"
#include "bundle/bundle.h"
#include "emit/tmpl.h"
#include "jit/nvrtc.h"
#include "kcache.h"
#include "plan/device.h"
#include "plan/rules.h"
#include "tunedb.h"

// What the command line says of it. Strings must outlive the workbench; NULL
// and 0 are the defaults.
struct workbench_request {
    const char *device; // auto, cpu, cuda:N
    const char *arch;   // native, or sm_90[,sm_80...]
    const char *db;     // folder of the databases
    bool no_db;
    bool no_fuse; // every step has a kernel of its own (plan/fuse.h)
    bool no_ptx;  // native images alone
    bool deterministic;  // no kernel whose results do not repeat bit by bit
    int32_t slab_bytes; // of matrices between steps (plan/slabs.h)
    bool timed;          // time candidates where there is a GPU
    bool full;           // then every point of rules/exhaustive.lua, too
    bool explain;        // keep every decision's trace, compile nothing
    int n_threads;       // 0: all
    const char *program; // gnnac, to start as workers; NULL: without them
    bool again;          // time what is decided, too: it has a head start
    bool cold;           // the L2 cache, whenever a kernel is timed
    unsigned part, parts; // time this share of the questions, from 0 on, of so
                          // many; 0: all
    bool record;         // nobody leaves a race: all samples of all are kept
    bool unpruned;       // what is not worth timing (prune.h) is timed, too
    uint64_t seed;       // of the order in which candidates are timed
    bool (*stop)(void);  // true: time no more, take what there is; NULL: never
    const char *const *rules, *const *settings; // --rules, --set
    size_t n_rules, n_settings;
    const char *whole_knobs; // --whole: "cluster=16,warpPerBlock=8"; or NULL
};

struct workbench {
    struct workbench_request request;
    struct catalog *catalog;
    struct ruleset *rules;
    struct tunedb *db;         // NULL with --no-db or when it cannot be opened
    struct kcache *kcache;     // likewise
    struct nvrtc *nvrtc;       // opened on first use: workbench_nvrtc
    char toolchain[256];       // identity of the NVRTC that will be used
    struct device device;      // that rules and the cost model see
    struct cuda_context *cuda; // owned; NULL: no GPU, or not asked to time
    int ordinal;               // of that GPU
    char driver[64];           // its driver's versions; "" without a GPU
    size_t n_archs;
    char archs[MAX_ARCHS][16]; // "sm_90": a cubin each
    char ptx_arch[16];         // "compute_75"
    char space[33];            // hash of rules, templates and settings
    bool forgets;              // the user was told; see workbench_forgets
};

gnnac_status workbench_open(const struct workbench_request *rq,
                            struct workbench *out, gnnac_error *err);
void workbench_close(struct workbench *wb);

// What a chosen kernel is compiled to: a cubin for every architecture, in
// their order, and then the PTX.
size_t workbench_n_images(const struct workbench *wb);

// The compiler, opened when first needed. GNNAC_ENOENT.
gnnac_status workbench_nvrtc(struct workbench *wb, struct nvrtc **out,
                             gnnac_error *err);

// The request's rules anew, from their files. The set is the caller's.
gnnac_status workbench_open_rules(const struct workbench *wb,
                                  struct ruleset **out, gnnac_error *err);
// Ask these from now on (they become the workbench's); returns those before,
// which become the caller's.
struct ruleset *workbench_exchange_rules(struct workbench *wb,
                                         struct ruleset *rules);

// Something could not be kept: one warning for all there may be.
void workbench_forgets(struct workbench *wb, const char *why);

#endif
