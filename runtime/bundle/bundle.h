// A bundle in memory: one validated safetensors file. runtime/README.md has the
// format. The compiler reads bundles through this header too (inspect, run).
#ifndef GNNAC_BUNDLE_H
#define GNNAC_BUNDLE_H

#include <string.h>

#include "fail.h"
#include "bundle/operators.h"
#include "bundle/program.h"
#include "bundle/safetensors.h"

// A bundle says the oldest minor version that can hold it: 0, or 1 where its
// graph is reordered.
enum {
    FORMAT_MAJOR = 1,
    FORMAT_MINOR = 0,
    FORMAT_MINOR_REORDERED = 1,
    MAX_ARCHS = 16
};

// Why a step runs the kernel it runs; for people.
struct choice {
    int32_t step;
    char rule[64], why[256], where[256];
    char level[32];   // "rules", "settings", "tune.db", "timed"
    double median_ns; // NaN: ranked, not timed
    char knobs[256];  // "partSize=32 dimWorker=16 ..."
};

// How the stored graph's nodes are numbered.
struct reordering {
    char method[64]; // "rabbit"; empty or "none": as the input's
    char why[512];   // for people
    // Of the stored arrays as they were before, in the input's order: with it
    // the reference checks that they can be brought back.
    char fingerprint[33];
};

enum { MAX_FEATURE_STEPS = 8 }; // that read the features, perhaps sparse ones

// Which kernels the steps of a program run that follows from the bundle's,
// where the bundle has them. It follows by rules that are part of the reader:
// of training (train/train_program.h), of features by sparse rows
// (program_read_sparse). `rules` names the ones that the writer had. Empty: a
// GPU cannot run that program. Of training all steps are listed; one without a
// kernel is BLAS's, or, if it is no product, the kernel's before it.
struct derived_kernels {
    char rules[16];
    int32_t n_steps;
    struct step_kernel {
        int32_t kernel; // index into kernels; -1: none
    } steps[MAX_STEPS];
    int32_t n_choices; // 0: the writer kept none
    struct choice choices[MAX_FEATURE_STEPS]; // of sparse features alone
};

// Operators on their own that the bundle has kernels for: those of each step
// that operator_add makes of the options behind `key`, backward included.
// `rules` as above; empty: there are none.
struct operators {
    char rules[16];
    int32_t n_list;
    struct operator_kernels {
        char key[OPERATOR_KEY_LEN];
        int32_t n_steps;
        struct step_kernel steps[MAX_OPERATOR_STEPS];
        int32_t n_choices; // 0: the writer kept none
        struct choice choices[MAX_OPERATOR_STEPS]; // about steps of these
    } list[MAX_OPERATORS];
};

// One kernel that runs all steps (whole_layout.h), where the bundle has it, and
// why. Who cannot start it runs the steps. Empty `rule`: there is none.
struct whole_model {
    char rule[64], why[256], where[256];
    char level[32];
    char knobs[256];
    double median_ns, steps_ns; // of an inference by it, by steps; or NaN
    int32_t kernel;
};

// Everything in __metadata__.gnnac. Plain data, no pointers. Where there are
// operators there may be no model: no layers, and an empty program.
struct manifest {
    int32_t format_major, format_minor;
    char generator[64];       // "gnnac 0.1.0"
    int64_t n_nodes, n_edges; // of the graph as loaded
    int64_t n_stored_edges;   // of the arrays in the bundle
    bool self_loops_removed;  // GCN adds its own
    char fingerprint[33];     // of the graph as loaded
    struct reordering reorder;
    struct model model;
    struct program program;
    int32_t n_kernels, n_choices;
    struct kernel kernels[MAX_KERNELS];
    struct choice choices[MAX_STEPS];
    struct derived_kernels training, sparse;
    struct operators operators;
    struct whole_model whole;
    int32_t n_archs;
    char archs[MAX_ARCHS][16]; // of the cubins: "sm_90"
    char ptx_arch[16];         // "compute_75"; empty: no PTX
    char toolchain[256];       // NVRTC version and build id
    bool repeats; // results are promised to repeat bit by bit: no kernel has
                  // atomics
};

static inline bool has_model(const struct manifest *m)
{
    return m->model.n_layers > 0;
}

static inline bool is_reordered(const struct manifest *m)
{
    return m->reorder.method[0] && strcmp(m->reorder.method, "none") != 0;
}

struct gnnac_bundle {
    void *bytes; // whole file, owned
    size_t n_bytes;
    struct safetensors tensors; // views into bytes
    char *manifest_text;        // owned, NUL-terminated
    struct manifest *manifest;  // owned
    const int64_t *rowptr;      // [n_nodes + 1]; views or owned copies
    const int32_t *colidx;      // [n_stored_edges]
    // The stored graph's node perm[v] is the input's node v; inverse[perm[v]]
    // is v. [n_nodes]; NULL where the graph has the input's order.
    const int32_t *perm, *inverse;
    // When the file has them misaligned.
    void *rowptr_copy, *colidx_copy, *perm_copy, *inverse_copy;
};

// For a step of a reordered graph: the row of `x` that each row of `out` is.
// NULL for other kinds of steps.
static inline const int32_t *bundle_source_rows(const struct gnnac_bundle *b,
                                                const struct step *s)
{
    return s->kind == STEP_GRAPH_ORDER   ? b->inverse
           : s->kind == STEP_INPUT_ORDER ? b->perm
                                         : NULL;
}

// The image of kernel `k` for `arch` ("sm_90": the cubin; "ptx"; "source").
// NULL when the bundle has none. The bytes belong to the bundle; PTX and source
// are NUL-free text, not NUL-terminated.
const void *bundle_kernel_image(const struct gnnac_bundle *b, int32_t k,
                                const char *arch, size_t *n_bytes);

// JSON text <-> struct. `manifest_parse` checks everything that does not need
// the tensors: versions, `requires`, ranges, index bounds, that dimensions fit
// together from step to step. GNNAC_EFORMAT, GNNAC_EUNSUPPORTED.
gnnac_status manifest_parse(const char *text, size_t n_bytes,
                            struct manifest *out, gnnac_error *err);

#endif
